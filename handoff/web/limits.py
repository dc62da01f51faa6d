"""How fast one customer may write: a bucket per customer, kept in this process."""

from __future__ import annotations

import time
from collections import OrderedDict

from handoff.domain.errors import RateLimited
from handoff.settings import Settings

# People paste several lines at once, then read: ten at once, then one every half second.
BURST = 10.0
PER_SECOND = 2.0
# Customers whose buckets are remembered; a forgotten one is full again.
REMEMBERED = 50_000

_buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()


def check_message_rate(settings: Settings, customer_id: str) -> None:
    """Count one message. Raises RateLimited with the seconds until the next."""
    if not settings.limits:
        return
    now = time.monotonic()
    level, at = _buckets.pop(customer_id, (BURST, now))
    level = min(BURST, level + (now - at) * PER_SECOND)
    if level < 1:
        _buckets[customer_id] = (level, now)
        raise RateLimited("you are writing too fast", retry_after=max(1, round((1 - level) / PER_SECOND)))
    _buckets[customer_id] = (level - 1, now)
    if len(_buckets) > REMEMBERED:
        _buckets.popitem(last=False)
