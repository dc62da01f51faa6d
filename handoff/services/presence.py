"""Agents come and go: who comes gets what waits, who goes gives back what he has, and nobody waits where nobody is."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from handoff.domain.conversation import Conversation, OwnerType, Status
from handoff.domain.errors import Invalid
from handoff.domain.ids import AgentId, ConversationId
from handoff.domain.message import Draft
from handoff.domain.people import Agent, Presence
from handoff.services.call_back import do_call_back
from handoff.services.context import Services
from handoff.services.facts import Change, Place
from handoff.services.handoffs import handoff_of
from handoff.services.offers import fill
from handoff.services.pass_on import next_handoff
from handoff.services.ports import Transaction
from handoff.services.request import decision_for, do_enqueue
from handoff.services.rules import rules_of
from handoff.services.system import system

log = logging.getLogger(__name__)

OFFLINE, SILENT = "offline", "silent"
"""Why an agent's conversations went back: he said so, or his desk fell silent."""


async def set_presence(services: Services, agent: Agent, status: object) -> Agent:
    """Online, away or offline, as the agent says. Offline gives back what he has; online is offered what waits. Raises Invalid."""
    try:
        presence = Presence(status)
    except ValueError:
        raise Invalid("status", "unknown") from None
    await services.store.write(lambda tx: tx.agents.set_presence(agent.id, presence, services.now()))
    await services.hub.presence(agent.id, presence.value)
    if presence is Presence.OFFLINE:
        await give_back(services, agent.id, OFFLINE)
    await fill(services)
    fresh = await services.store.read(lambda tx: tx.agents.get(agent.id, services.now()))
    return fresh or replace(agent, presence=presence)


async def arrive(services: Services, agent: Agent) -> None:
    """His desk is there (again)."""
    await services.store.write(lambda tx: tx.agents.beat(agent.id, services.now()))
    await fill(services)


async def give_back(services: Services, agent_id: AgentId, why: str) -> int:
    """Everything the agent has goes back to the front of its teams' queues, the oldest request first; how many did."""
    owned = await services.store.read(lambda tx: tx.conversations.owned_by(agent_id))
    still = [c for c in owned if c.status is Status.OPEN]
    count = 0
    for conversation in sorted(still, key=lambda c: (c.human_since is None, c.human_since, c.id)):
        work = partial(_do_give_back, services=services, agent_id=agent_id, id=conversation.id, why=why)
        change = await services.store.write(work)
        if change is not None:
            count += 1
            await services.hub.announce(change)
    return count


def _do_give_back(
    tx: Transaction, services: Services, agent_id: AgentId, id: ConversationId, why: str
) -> Change | None:
    now, policy = services.now(), services.policy
    agent = tx.agents.lock(agent_id, now)  # first the agent, then the conversation, as when he accepts
    before = tx.conversations.lock(id)
    owner = before.owner
    if owner.type is not OwnerType.AGENT or owner.id != agent_id or before.status is not Status.OPEN:
        return None
    if why == SILENT and not gone(agent, now, policy.grace_seconds):
        return None  # back in the meantime
    rules = rules_of(tx, policy)
    waiting = next_handoff(tx, before, now, f"agent_{why}")

    def words(conversation: Conversation, place: Place) -> Draft:
        return system(conversation, "requeued", name=owner.name or "", ahead=place.position - 1)

    # In the place of when he first asked: before everybody who came later and is as urgent.
    asked_at = before.human_since or now
    change = do_enqueue(tx, before, waiting, rules, policy, now, asked_at=asked_at, words=words)
    tx.records.audit(now, "system", "give_back", id, {"agent": agent_id, "why": why})
    return replace(change, previous_owner=agent_id)


def gone(agent: Agent, now: datetime, grace_seconds: float) -> bool:
    """Whether he is offline for longer than the grace period. What he accepts counts as a sign of life."""
    if agent.presence is not Presence.OFFLINE or agent.left_at is None:
        return False
    seen = max(agent.left_at, agent.idle_since or agent.left_at)
    return now - seen > timedelta(seconds=grace_seconds)


async def give_back_silent(services: Services) -> int:
    """Agents whose desks have been silent for longer than the grace period give back what they have."""
    now, grace = services.now(), services.policy.grace_seconds
    agents = await services.store.read(lambda tx: tx.agents.all(now))
    count = 0
    for agent in agents:
        if agent.load and gone(agent, now, grace):
            log.info("agent %s is gone: his conversations go back to the queue", agent.id)
            count += await give_back(services, agent.id, SILENT)
    return count


async def call_back_stranded(services: Services) -> int:
    """Those who wait where nobody has been for longer than the grace period are promised a time instead."""
    now = services.now()
    ids = await services.store.read(lambda tx: _stranded(tx, now, services.policy.grace_seconds))
    count = 0
    for id in ids:
        change = await services.store.write(partial(_do_call_back, services=services, id=id))
        if change is not None:
            count += 1
            await services.hub.announce(change)
    return count


def _stranded(tx: Transaction, now: datetime, grace_seconds: float) -> list[ConversationId]:
    waiting = tx.conversations.waiting()
    if not waiting:
        return []
    agents = tx.agents.all(now)
    return [c.id for c in waiting if _nobody_for(agents, c, now, grace_seconds)]


def _nobody_for(agents: list[Agent], waiting: Conversation, now: datetime, grace_seconds: float) -> bool:
    """Whether nobody of its team has been there for the grace period, counted from when it came into the queue at the earliest."""
    team = [a for a in agents if waiting.team_id in a.team_ids]
    if any(a.presence is not Presence.OFFLINE for a in team):
        return False
    last = max([a.left_at for a in team if a.left_at], default=None)
    since = max(filter(None, (last, waiting.waiting_since)), default=now)
    return now - since > timedelta(seconds=grace_seconds)


def _do_call_back(tx: Transaction, services: Services, id: ConversationId) -> Change | None:
    now, policy = services.now(), services.policy
    conversation = tx.conversations.lock(id)
    handoff = handoff_of(tx, conversation)
    if conversation.owner.type is not OwnerType.QUEUE or handoff is None:
        return None
    if not _nobody_for(tx.agents.all(now), conversation, now, policy.grace_seconds):
        return None
    decision = decision_for(handoff.reason, handoff.summary, conversation.last_customer_seq, handoff.team_id)
    rules = rules_of(tx, policy)
    change = do_call_back(tx, conversation, decision, handoff.team_id, rules, now, handoff.summary, "callback_left")
    tx.records.audit(now, "system", "call_back", id, {"team": handoff.team_id})
    return change
