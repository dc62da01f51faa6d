"""Which agent an offer rings at: pure, over what is known of the agents now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from handoff.domain.ids import AgentId


@dataclass(frozen=True)
class Candidate:
    """An agent who is present, with how much he has to do."""

    id: AgentId
    load: int
    capacity: int
    idle_since: datetime
    """When he last got a conversation; the longest idle comes first among equals."""
    languages: tuple[str, ...] = ()


def choose(
    candidates: Iterable[Candidate],
    *,
    language: str | None = None,
    last_agent: AgentId | None = None,
    asked: Collection[AgentId] = (),
) -> AgentId | None:
    """The agent to ask next: the customer's last one, else the least loaded, ties to the longest idle.

    Full agents and those `asked` before are left out. Who does not speak `language` comes after all who do.
    """
    free = [c for c in candidates if c.load < c.capacity and c.id not in asked]
    if not free:
        return None
    if any(c.id == last_agent for c in free):
        return last_agent

    def order(c: Candidate) -> tuple[bool, float, datetime, str]:
        foreign = bool(language and c.languages and language.split("-")[0] not in c.languages)
        return foreign, c.load / c.capacity, c.idle_since, c.id

    return min(free, key=order).id


def estimate_wait(position: int, agents: int, handling_seconds: Iterable[float]) -> dict[str, int] | None:
    """An honest wait in seconds for a place in the queue: `{"p50", "p90"}`, or None when nothing is known.

    `handling_seconds` are how long recent conversations kept an agent busy. With `agents` present, the one at `position`
    waits until `position` of their conversations have ended: about position / agents handling times.
    """
    times = sorted(handling_seconds)
    if agents <= 0 or not times:
        return None
    rounds = position / agents

    def quantile(q: float) -> float:
        return times[min(len(times) - 1, int(q * len(times)))]

    return {"p50": max(1, round(rounds * quantile(0.5))), "p90": max(1, round(rounds * quantile(0.9)))}
