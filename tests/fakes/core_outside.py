"""The rest of the outside, as small as it can be: a clock that stands still, a bus that loses everything, counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.domain.errors import Unavailable


class StandingClock:
    """Noon in Shanghai, until it is set or moved on."""

    def __init__(self, at: datetime = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        """By `seconds=…`, `hours=…`, as timedelta takes them."""
        self.at += timedelta(**span)


class LosingBus:
    """A bus that loses every wake-up, which it may; it remembers what it was given."""

    def __init__(self) -> None:
        self.lost: list[tuple[str, dict[str, Any]]] = []

    async def publish(self, channel: str, payload: dict[str, Any]) -> None:
        self.lost.append((channel, payload))


class MemoryLimits:
    """Counters of one process; windows end when the clock says so."""

    def __init__(self, clock: StandingClock) -> None:
        self._clock = clock
        self._hits: dict[str, tuple[int, datetime]] = {}

    def _count(self, key: str) -> tuple[int, datetime | None]:
        count, until = self._hits.get(key, (0, None))
        return (count, until) if until is not None and until > self._clock() else (0, None)

    async def hit(self, key: str, limit: int, seconds: int) -> int | None:
        count, until = self._count(key)
        ends = until or self._clock() + timedelta(seconds=seconds)
        self._hits[key] = (count + 1, ends)
        return None if count < limit else max(1, int((ends - self._clock()).total_seconds()))

    async def take_back(self, key: str) -> None:
        count, until = self._hits.get(key, (0, self._clock()))
        self._hits[key] = (max(0, count - 1), until)

    async def peek(self, key: str, limit: int) -> int | None:
        count, until = self._count(key)
        return max(1, int((until - self._clock()).total_seconds())) if until and count >= limit else None


class AbsentFaq:
    """An FAQ process that is away, until it is given what it finds: a decision, results, and how it clusters."""

    def __init__(self) -> None:
        self.finds: dict[str, Any] | None = None
        self.clusters: list[list[int]] | None = None

    async def search(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        if self.finds is None:
            raise Unavailable("faq_unavailable")
        return {"asked": query, **self.finds}

    async def suggest(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        raise Unavailable("faq_unavailable")

    async def cluster(self, texts: Sequence[str]) -> list[list[int]]:
        if self.clusters is None:
            raise Unavailable("faq_unavailable")
        return self.clusters
