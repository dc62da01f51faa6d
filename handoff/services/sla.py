"""Promises to customers under watch: warned before they break, told when they do, once each whichever gateway sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handoff.domain.conversation import Conversation, OwnerType
from handoff.domain.people import Agent
from handoff.domain.sla import LEVELS, Clock, clocks, deadlines, most_urgent
from handoff.services.context import Services
from handoff.services.ports import SlaEvent, Transaction
from handoff.services.rules import Rules, rules_of
from handoff.services.views import moment


def sla_json(conversation: Conversation, rules: Rules, now: datetime) -> dict[str, Any] | None:
    """The promise that is due first: `{kind, due_at, state}`; None while none runs."""
    clock = most_urgent(conversation, rules.sla, rules.hours_of(conversation.team_id))
    return None if clock is None else clock_json(clock, now)


def clock_json(clock: Clock, now: datetime) -> dict[str, Any]:
    """One promise."""
    return {"kind": clock.kind.value, "due_at": moment(clock.due_at), "state": clock.state(now).value}


def event_json(event: SlaEvent) -> dict[str, Any]:
    """One event, for supervisors."""
    return {
        "conversation_id": event.conversation_id,
        "kind": event.kind,
        "level": event.level,
        "since": moment(event.since),
        "due_at": moment(event.due_at),
        "at": moment(event.at),
        "team_id": event.team_id,
        "agent_id": event.agent_id,
    }


async def watch(services: Services) -> int:
    """Write down what is late now and was not yet; how many events that made."""
    late = await services.store.read(lambda tx: _late(tx, services))
    if not late:
        return 0
    return await services.store.write(lambda tx: sum(tx.sla_events.add(event) for event in late))


def _late(tx: Transaction, services: Services) -> list[SlaEvent]:
    now = services.now()
    rules = rules_of(tx, services.policy)
    late = tx.conversations.late(list(deadlines(rules.sla, rules.calendars, now)))
    found = [
        (c, clock, LEVELS[state])
        for c in late
        for clock in clocks(c, rules.sla, rules.hours_of(c.team_id))
        if (state := clock.state(now)) in LEVELS
    ]
    known = tx.sla_events.known([c.id for c, _, _ in found]) if found else set()
    return [
        SlaEvent(c.id, clock.kind.value, clock.since, level, clock.due_at, now, c.team_id, c.owner.id)
        for c, clock, level in found
        if (c.id, clock.kind.value, clock.since, level) not in known
    ]


def concerns(agent: Agent, conversation: Conversation) -> bool:
    """Whether an event is for this desk: the owner's, the team's while it waits, and those who oversee."""
    owner = conversation.owner
    if agent.oversees or owner.type is OwnerType.AGENT and owner.id == agent.id:
        return True
    return owner.type is OwnerType.QUEUE and conversation.team_id in agent.team_ids


async def list_events(services: Services, hours: int, limit: int) -> list[dict[str, Any]]:
    """The latest events, newest first."""
    since = services.now() - timedelta(hours=hours)
    return [event_json(e) for e in await services.store.read(lambda tx: tx.sla_events.since(since, limit))]
