"""Offers: at whom a waiting conversation rings, and that a free place is filled at once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from handoff.domain.conversation import Conversation, OwnerType
from handoff.domain.errors import KefuError, NotFound
from handoff.domain.ids import AgentId, ConversationId
from handoff.domain.people import Agent, Presence
from handoff.domain.routing import Candidate, choose
from handoff.domain.turns import Handoff, Ring
from handoff.services.context import Policy, Services
from handoff.services.facts import Change
from handoff.services.handoffs import handoff_of
from handoff.services.ports import Transaction

log = logging.getLogger(__name__)

_NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def do_ring(
    tx: Transaction, handoff: Handoff, conversation: Conversation, policy: Policy, now: datetime
) -> AgentId | None:
    """Ring at the next agent of the team; None when nobody is free. Who was asked before comes again once all were."""
    chosen, asked = _next(tx, handoff, conversation, tx.agents.all(now), tx.handoffs.rings(), now)
    until = now + timedelta(seconds=policy.offer_seconds) if chosen else None
    tx.handoffs.save(replace(handoff, asked=asked, ringing=chosen, ring_until=until))
    return chosen


def _next(
    tx: Transaction,
    handoff: Handoff,
    conversation: Conversation,
    agents: Sequence[Agent],
    waiting: Sequence[Ring],
    now: datetime,
) -> tuple[AgentId | None, list[str]]:
    """The agent to ask, and who has been asked with him since it last went around."""
    rings: Counter[str] = Counter()
    for other in waiting:
        if other.handoff_id == handoff.id:
            break  # what rings for those behind in the queue holds no place against this one
        if other.ringing and other.rings(now):
            rings[other.ringing] += 1
    candidates = [
        Candidate(a.id, a.load + rings[a.id], a.capacity, a.idle_since or _NEVER, a.languages, a.skills)
        for a in agents
        if takes(a, handoff.team_id)
    ]
    language, needs = conversation.locale, handoff.needs
    last = tx.handoffs.last_agent(conversation.customer_id)
    before = {AgentId(a) for a in handoff.asked}
    chosen = choose(candidates, language=language, needs=needs, last_agent=last, asked=before)
    if chosen is not None:
        return chosen, [*handoff.asked, chosen]
    if handoff.asked:  # everybody was asked: go around again, with whoever was asked last at the end
        rest = {AgentId(a) for a in handoff.asked[-1:]}
        chosen = choose(candidates, language=language, needs=needs, asked=rest) or choose(
            candidates, language=language, needs=needs
        )
    return chosen, [chosen] if chosen else []


def takes(agent: Agent, team_id: str) -> bool:
    """Whether offers of a team ring at him."""
    return agent.presence is Presence.ONLINE and team_id in agent.team_ids


def _due(ring: Ring, takers: Mapping[AgentId, Agent], now: datetime) -> bool:
    """Whether it should ring elsewhere: its time is over, or whom it rings at has left."""
    if not ring.rings(now):
        return True
    at = takers.get(ring.ringing or AgentId(""))
    return at is None or not takes(at, ring.team_id)


def due_offers(tx: Transaction, now: datetime) -> list[ConversationId]:
    """Those that should ring and could, in queue order, and those whose ring has ended with nobody left to ask."""
    waiting = tx.handoffs.rings()
    if not waiting:
        return []
    agents = tx.agents.all(now)
    by_id = {a.id: a for a in agents}
    free = Counter({a.id: a.capacity - a.load for a in agents if a.presence is Presence.ONLINE})
    found = []
    for ring in waiting:
        if not _due(ring, by_id, now):
            free[ring.ringing or AgentId("")] -= 1
            continue
        could = [a for a in agents if free[a.id] > 0 and takes(a, ring.team_id)]
        if could or ring.ringing:
            found.append(ring.conversation_id)
        if could:
            # Somebody takes it; who exactly is decided in the transaction.
            free[max(could, key=lambda a: free[a.id]).id] -= 1
    return found


async def fill(services: Services) -> int:
    """Let waiting conversations ring where there is room now; how many ring anew. Each is decided in its own transaction.

    Never fails: it follows verbs that are done already, and what it misses the sweep does a second later.
    """
    started = 0
    try:
        for id in await services.store.read(lambda tx: due_offers(tx, services.now())):
            with suppress(NotFound):  # erased since
                change = await services.store.write(partial(_ring_again, services=services, id=id))
                if change is not None:
                    started += 1
                    await services.hub.announce(change)
    except KefuError as error:
        log.warning("offers: %s; the next sweep tries again", error)
    return started


def _ring_again(tx: Transaction, services: Services, id: ConversationId) -> Change | None:
    now = services.now()
    conversation = tx.conversations.lock(id)
    handoff = handoff_of(tx, conversation)
    if conversation.owner.type is not OwnerType.QUEUE or handoff is None:
        return None
    ring_now = Ring(handoff.id, id, handoff.team_id, handoff.ringing, handoff.ring_until)
    if not _due(ring_now, {a.id: a for a in tx.agents.all(now)}, now):
        return None
    ring = do_ring(tx, handoff, conversation, services.policy, now)
    return Change(conversation, ring=ring) if ring else None
