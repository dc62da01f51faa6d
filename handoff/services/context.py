"""What every use case is given: the store, the outside, and the rules of the house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from handoff.domain.escalation import Thresholds
from handoff.domain.hours import BusinessHours
from handoff.domain.short_handed import Rule
from handoff.services.channel import Channel
from handoff.services.hub import Hub
from handoff.services.ports import Bot, Faq, Limits, Store
from handoff.services.shop import ShopClient


@dataclass(frozen=True)
class Policy:
    """The rules of the house."""

    hours: BusinessHours
    """Until people set others."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    short_thresholds: Thresholds = field(default_factory=lambda: Thresholds(anger=0.9, misses=3))
    """While hands are short."""
    short_handed: Rule = field(default_factory=Rule)
    grace_seconds: float = 60.0
    """How long after an agent's desk has fallen silent his conversations wait for him."""
    offer_seconds: float = 30.0
    bot_attempts: int = 3
    bot_timeout: float = 10.0
    bot_busy_seconds: float = 30.0
    """How long a turn may take a bot that lives but is slow, before the customer is told that it failed."""
    slow_after: float = 2.5
    """Seconds after which a customer is told that his answer takes a moment: promised are 3."""
    claim_seconds: float = 3.0
    """How long a claim lasts without renewal: what a killed gateway held is free again after it. With the second that the
    sweep may take, its customers have their answers within five."""


@dataclass(frozen=True)
class Services:
    """Made once by bootstrap."""

    store: Store
    hub: Hub
    bot: Bot
    faq: Faq
    shop: ShopClient
    limits: Limits
    policy: Policy
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    bot_places: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 0))
    """For each turn of the bot that this process may run at the same time: one that is free takes a turn as soon as it is owed."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """What carries words to the customers of an inbox, by its kind."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self.clock()
