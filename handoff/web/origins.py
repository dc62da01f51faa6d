"""Which pages may use the widget's routes: those on a website's list."""

from __future__ import annotations

import time
from collections.abc import Callable

from handoff.domain.errors import Unavailable
from handoff.services.kept import Kept
from handoff.services.ports import Store

# A list that was changed counts this soon; every answer to a widget asks for it.
KEPT_SECONDS = 1.0


class Origins:
    """The lists of all websites. While the database does not answer, or not yet, those it gave last: else a page could not read
    why nothing goes."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._found: frozenset[str] = frozenset()
        self._kept = Kept(self._ask, KEPT_SECONDS, clock)

    async def now(self) -> frozenset[str]:
        """The origins, at most KEPT_SECONDS old where the database answers."""
        return await self._kept.now_or_last()

    async def _ask(self) -> frozenset[str]:
        try:
            inboxes = await self._store.read(lambda tx: tx.customers.inboxes())
        except Unavailable:  # the store has logged it, and the route tells whom it concerns
            return self._found
        self._found = frozenset(origin for inbox in inboxes for origin in inbox.origins)
        return self._found
