"""Service levels: how soon a human answers first, answers next, and is done, by priority and in business hours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from handoff.domain.conversation import Conversation, OwnerType, Priority, Status
from handoff.domain.hours import BusinessHours

# A limit of more than a quarter is a mistake.
MAX_SECONDS = 90 * 24 * 3600


class SlaKind(str, Enum):
    """What is measured."""

    FIRST_RESPONSE = "first_response"
    """From asking for a human to a human's first words."""
    NEXT_RESPONSE = "next_response"
    """From the customer's words to the human's next."""
    RESOLUTION = "resolution"
    """From asking for a human to the end, or back to the bot."""


class SlaState(str, Enum):
    """How a clock stands."""

    OK = "ok"
    WARNING = "warning"
    """Most of the time has gone."""
    BREACHED = "breached"
    """The limit has passed."""


@dataclass(frozen=True)
class Limits:
    """Seconds of business time; None: not promised."""

    first_response: int | None = None
    next_response: int | None = None
    resolution: int | None = None

    def of(self, kind: SlaKind) -> int | None:
        """The limit of one kind."""
        limit: int | None = getattr(self, kind.value)
        return limit


def _default() -> dict[Priority, Limits]:
    ordinary = Limits(first_response=30, next_response=180, resolution=24 * 3600)
    urgent = Limits(first_response=30, next_response=180, resolution=3600)
    return {Priority.NORMAL: ordinary, Priority.HIGH: ordinary, Priority.URGENT: urgent}


@dataclass(frozen=True)
class SlaPolicy:
    """The limits by priority. A clock warns when `warn_at` of its limit has gone."""

    limits: Mapping[Priority, Limits] = field(default_factory=_default)
    warn_at: float = 0.75

    @classmethod
    def from_json(cls, value: Any) -> SlaPolicy:
        """From `{"warn_at": 0.75, "normal": {"first_response", "next_response", "resolution"}, "high": …, "urgent": …}`.

        Seconds or null. Raises ValueError with the part that is wrong.
        """
        if not isinstance(value, dict):
            raise ValueError("a policy is an object")
        warn_at = value.get("warn_at", cls.warn_at)
        if not isinstance(warn_at, int | float) or isinstance(warn_at, bool) or not 0 < warn_at < 1:
            raise ValueError("warn_at must be between 0 and 1")
        return cls({p: _limits(value.get(p.value), p.value) for p in Priority}, float(warn_at))

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        rows = {p.value: {k.value: self.limits[p].of(k) for k in SlaKind} for p in Priority}
        return {"warn_at": self.warn_at, **rows}


def _limits(value: Any, name: str) -> Limits:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    for kind in SlaKind:
        limit = value.get(kind.value)
        bad = not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= MAX_SECONDS
        if limit is not None and bad:
            raise ValueError(f"{name}.{kind.value} must be seconds from 1 to {MAX_SECONDS}, or null")
    return Limits(**{kind.value: value.get(kind.value) for kind in SlaKind})


@dataclass(frozen=True)
class Clock:
    """One running promise to one customer."""

    kind: SlaKind
    since: datetime
    warn_at: datetime
    due_at: datetime

    def state(self, now: datetime) -> SlaState:
        """How it stands at `now`."""
        if now >= self.due_at:
            return SlaState.BREACHED
        return SlaState.WARNING if now >= self.warn_at else SlaState.OK


def clocks(conversation: Conversation, policy: SlaPolicy, hours: BusinessHours) -> Iterator[Clock]:
    """The clocks that run now: none while the bot has the conversation or after its end."""
    if conversation.owner.type is OwnerType.BOT or conversation.status is not Status.OPEN:
        return
    answered = conversation.responded_at is not None
    running = [
        (SlaKind.NEXT_RESPONSE if answered else SlaKind.FIRST_RESPONSE, conversation.awaiting_since),
        (SlaKind.RESOLUTION, conversation.human_since),
    ]
    for kind, since in running:
        limit = policy.limits[conversation.priority].of(kind)
        if since is None or limit is None:
            continue
        due = hours.add(since, timedelta(seconds=limit))
        warn = hours.add(since, timedelta(seconds=limit * policy.warn_at))
        if due is not None and warn is not None:
            yield Clock(kind, since, warn, due)


# What is written down of a clock, by how it stands.
LEVELS = {SlaState.WARNING: "warning", SlaState.BREACHED: "breach"}


@dataclass(frozen=True)
class Deadline:
    """A clock that has come to `state` by now began at or before `began_by`; where all follow the same hours, one that did has."""

    kind: SlaKind
    priority: Priority
    state: SlaState
    began_by: datetime


def deadlines(policy: SlaPolicy, calendars: Collection[BusinessHours], now: datetime) -> Iterator[Deadline]:
    """One for each promise and each level of its clock: what a search for late clocks compares their starts with."""
    for priority, limits in policy.limits.items():
        for kind in SlaKind:
            limit = limits.of(kind)
            for state, share in ((SlaState.WARNING, policy.warn_at), (SlaState.BREACHED, 1.0)):
                span = timedelta(seconds=(limit or 0) * share)
                began = [at for hours in calendars if limit and (at := hours.before(now, span)) is not None]
                if began:
                    yield Deadline(kind, priority, state, max(began))


def most_urgent(conversation: Conversation, policy: SlaPolicy, hours: BusinessHours) -> Clock | None:
    """The clock that is due first."""
    return min(clocks(conversation, policy, hours), key=lambda c: c.due_at, default=None)


def queue_due(priority: Priority, since: datetime, policy: SlaPolicy, hours: BusinessHours) -> datetime:
    """When a human's first words are due to somebody who asked at `since`: what the queue orders by after priority."""
    limit = policy.limits[priority].first_response or 0
    return hours.add(since, timedelta(seconds=limit)) or since
