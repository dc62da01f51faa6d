"""Where those who wait stand, and how long it may take: told to them, remembered, and compared with what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.conversation import Conversation
from handoff.domain.ids import ConversationId
from handoff.domain.people import Presence
from handoff.domain.wait import Accuracy, Desk, Wait, accuracy, estimate
from handoff.services.context import Services
from handoff.services.facts import Place
from handoff.services.ports import Transaction

# The wait is told from this many recent conversations: enough for a p90 of long queues, few enough to follow the day.
RECENT_HANDOFFS = 150
# How far back told and real waits are compared, and over how many at most.
COMPARED_DAYS, COMPARED = 7, 2000


def places(tx: Transaction, now: datetime) -> dict[ConversationId, Place]:
    """The place of everybody who waits."""
    return _places(tx, tx.conversations.line(), now)


def place_of(tx: Transaction, conversation: Conversation, now: datetime) -> Place:
    """Where one stands in its team's queue; behind all when it does not wait (yet)."""
    line = tx.conversations.line()
    index = next((i for i, (id, _) in enumerate(line) if id == conversation.id), None)
    ahead = [*line, (conversation.id, conversation.team_id or "")] if index is None else line[: index + 1]
    return _places(tx, ahead, now)[conversation.id]


def _places(tx: Transaction, line: Sequence[tuple[ConversationId, str]], now: datetime) -> dict[ConversationId, Place]:
    if not line:
        return {}
    recent = tx.handoffs.recent(RECENT_HANDOFFS)
    picks = [pickup for _, pickup in recent if pickup is not None]
    waits = estimate([team for _, team in line], _desks(tx, now), [seconds for seconds, _ in recent], picks)
    found: dict[ConversationId, Place] = {}
    counts: dict[str, int] = {}
    for (id, team), wait in zip(line, waits, strict=True):
        counts[team] = counts.get(team, 0) + 1
        found[id] = Place(counts[team], wait)
    return found


def _desks(tx: Transaction, now: datetime) -> list[Desk]:
    busy = tx.handoffs.busy_since()
    return [
        Desk(
            agent.team_ids,
            max(0, agent.capacity - agent.load),
            tuple((now - at).total_seconds() for at in busy.get(agent.id, ())),
        )
        for agent in tx.agents.all(now)
        if agent.presence is Presence.ONLINE
    ]


def told(place: Place) -> dict[str, int] | None:
    """What is remembered of a told wait."""
    return {"position": place.position, **place.wait.to_json()} if place.wait else None


async def measure(services: Services) -> Accuracy:
    """How the told waits of the last days compare with the real ones."""

    def work(tx: Transaction) -> list[tuple[Wait, float]]:
        found = tx.handoffs.told(services.now() - timedelta(days=COMPARED_DAYS), COMPARED)
        return [
            (Wait(h.told["p50"], h.told["p90"]), (h.accepted_at - h.requested_at).total_seconds())
            for h in found
            if h.told and h.accepted_at
        ]

    return accuracy(await services.store.read(work))


async def measured(services: Services) -> dict[str, Any]:
    """`{told, median_abs_error_seconds, within_p90, days}`; nulls while nobody was told a wait."""
    found = await measure(services)
    return {
        "told": found.told,
        "median_abs_error_seconds": found.median_error,
        "within_p90": found.within_p90,
        "days": COMPARED_DAYS,
    }
