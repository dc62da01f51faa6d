"""An agent takes a conversation, or lets an offer pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from handoff.domain.conversation import Conversation, OwnerType, Status
from handoff.domain.errors import AtCapacity, ConversationTaken, NotWaiting
from handoff.domain.ids import ConversationId, HandoffId, new_id
from handoff.domain.people import Agent
from handoff.domain.turns import Handoff
from handoff.services.access import access_conversation, has_callback
from handoff.services.context import Services
from handoff.services.facts import Change
from handoff.services.handoffs import handoff_of
from handoff.services.offers import do_ring, fill
from handoff.services.ports import Transaction
from handoff.services.request import decision_for, summarise
from handoff.services.system import system
from handoff.services.views import owner_json


async def accept(services: Services, agent: Agent, id: ConversationId, *, force: bool = False) -> Conversation:
    """Own a waiting conversation; the first wins. Accepting one's own again changes nothing.

    Supervisors also take over from the bot or another agent; anybody of the team may take a bot's conversation whose
    call-back waits. Raises ConversationTaken, NotWaiting, AtCapacity (not for a supervisor with `force`), NotFound.
    """
    change = await services.store.write(lambda tx: do_accept(tx, services, agent, id, force))
    if change.owner_changed:
        await services.hub.announce(change)
    if change.previous_owner is not None:  # taken over: a colleague has a place free
        await fill(services)
    return change.conversation


def do_accept(tx: Transaction, services: Services, agent: Agent, id: ConversationId, force: bool) -> Change:
    """The transaction of `accept`."""
    now = services.now()
    agent = tx.agents.lock(agent.id, now)
    before = tx.conversations.lock(id)
    owner = before.owner
    if owner.type is OwnerType.AGENT and owner.id == agent.id:
        return Change(before)
    if owner.type is OwnerType.AGENT and not agent.oversees:
        seen = before.team_id in agent.team_ids
        if seen:
            raise ConversationTaken("somebody else has this conversation", owner=owner_json(owner))
    access_conversation(tx, agent, id)
    if before.status is not Status.OPEN:
        raise NotWaiting("this conversation has ended", owner=owner_json(owner))
    if owner.type is OwnerType.BOT and not (agent.oversees or has_callback(tx, agent, before)):
        raise NotWaiting("this conversation is not waiting for a human", owner=owner_json(owner))
    if agent.load >= agent.capacity and not (force and agent.oversees):
        raise AtCapacity(f"you have {agent.load} of {agent.capacity} conversations", owner=owner_json(owner))
    handoff = passage_for(tx, before, agent, services)
    tx.turns.close_running(id)
    after = replace(
        before.give_to(OwnerType.AGENT, agent.id, agent.name),
        bot_seq=before.last_customer_seq,
        handoff_id=handoff.id,
        team_id=handoff.team_id,
        waiting_since=None,
        queue_due_at=None,
        human_since=before.human_since or now,
    )
    tx.conversations.change_owner(before, after)
    accepted = replace(
        handoff,
        accepted_at=now,
        accepted_by=agent.id,
        accepted_name=agent.name,
        ringing=None,
        ring_until=None,
        pickup_seconds=_pickup(handoff, services),
    )
    tx.handoffs.save(accepted)
    tx.agents.assigned(agent.id, now)
    told = tx.messages.append(system(after, "accepted", name=agent.name), as_owner=None)
    if agent.oversees and owner.type is not OwnerType.QUEUE:
        tx.records.audit(now, agent.id, "take_over", id, {"from": owner.type.value})
    return Change(
        tx.conversations.lock(id),
        (told,),
        owner_changed=True,
        previous_owner=owner.id,
        queue_changed=owner.type is OwnerType.QUEUE,
    )


def _pickup(handoff: Handoff, services: Services) -> float | None:
    """How long it rang, at all that it was offered to since it last went around; None when it never rang."""
    if handoff.ring_until is None:
        return None
    rings = services.policy.offer_seconds * max(1, len(handoff.asked))
    return max(0.0, (services.now() - handoff.ring_until + timedelta(seconds=rings)).total_seconds())


def passage_for(tx: Transaction, conversation: Conversation, agent: Agent, services: Services) -> Handoff:
    """The passage that is accepted: the waiting one, or a new one when a human steps in by himself."""
    now = services.now()
    waiting = handoff_of(tx, conversation)
    if waiting is not None and waiting.ended_at is None:
        if waiting.accepted_at is None:
            return waiting
        tx.handoffs.save(replace(waiting, ended_at=now, outcome="taken_over"))
    decision = decision_for("taken_over", agent.name, conversation.last_seq)
    teams = sorted(agent.team_ids) or [t.id for t in tx.agents.teams()]
    handoff = Handoff(
        id=HandoffId(new_id()),
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        reason=decision.reason,
        reasons=[r.to_json() for r in decision.reasons],
        signals=[],
        summary=summarise(conversation, tx.turns.records(conversation.id), decision),
        slots=conversation.slots,
        team_id=conversation.team_id or teams[0],  # type: ignore[arg-type]
        priority=conversation.priority.value,
        requested_at=now,
    )
    tx.handoffs.add(handoff)
    return handoff


async def decline(services: Services, agent: Agent, id: ConversationId) -> Conversation:
    """Let an offer pass; it rings at the next. Raises NotWaiting."""

    def work(tx: Transaction) -> Change:
        conversation = access_conversation(tx, agent, id)
        handoff = handoff_of(tx, conversation)
        if conversation.owner.type is not OwnerType.QUEUE or handoff is None:
            raise NotWaiting("this conversation is not waiting", owner=owner_json(conversation.owner))
        if handoff.ringing != agent.id:
            return Change(conversation)
        ring = do_ring(tx, handoff, conversation, services.policy, services.now())
        return Change(conversation, queue_changed=True, ring=None if ring == agent.id else ring)

    change = await services.store.write(work)
    await services.hub.announce(change)
    return change.conversation
