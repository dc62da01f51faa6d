"""The owner gives a conversation away: to the bot, another agent, another team, or its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff.domain.conversation import Conversation, OwnerType, Priority, Status
from handoff.domain.errors import AtCapacity, Conflict, Invalid, NotFound
from handoff.domain.ids import AgentId, ConversationId, HandoffId, TeamId, new_id
from handoff.domain.message import Draft, Message, PrivateKind, Sender, check_text, text_content
from handoff.domain.people import Agent, Presence
from handoff.domain.turns import Handoff
from handoff.services.accept import passage_for
from handoff.services.access import access_conversation, check_epoch, own_conversation
from handoff.services.context import Services
from handoff.services.facts import Change, Place
from handoff.services.handoffs import end_handoff, handoff_of
from handoff.services.offers import fill
from handoff.services.ports import Transaction
from handoff.services.request import do_enqueue
from handoff.services.rules import rules_of
from handoff.services.system import system
from handoff.services.views import owner_json

# How much of the last human words the bot is told to remember.
_REMEMBERED_WORDS = 200


async def _run(services: Services, work: Callable[[Transaction], Change]) -> Conversation:
    change = await services.store.write(work)
    await services.hub.announce(change)
    if change.previous_owner is not None:  # an agent has a place free: it is filled at once
        await fill(services)
    return change.conversation


def _private(agent: Agent, id: ConversationId, note: object) -> Draft | None:
    if note is None or note == "":
        return None
    content = text_content(check_text(note, "note"))
    return Draft(id, Sender.AGENT, content, agent.name, agent.id, kind=PrivateKind.NOTE)


def _last_words(tx: Transaction, conversation: Conversation) -> str:
    recent = tx.messages.before(conversation.id, conversation.last_seq + 1, 30)
    last = next((m for m in reversed(recent) if m.sender is Sender.AGENT and not m.private), None)
    return last.text[:_REMEMBERED_WORDS] if last else ""


async def hand_back(services: Services, agent: Agent, id: ConversationId, epoch: object, note: object) -> Conversation:
    """Give the conversation back to the bot, which then knows what was said. Raises as `own_conversation`."""
    seen = check_epoch(epoch)
    draft = _private(agent, id, note)

    def work(tx: Transaction) -> Change:
        now = services.now()
        before = own_conversation(tx, agent, id, seen)
        said: list[Message] = [tx.messages.append(draft, as_owner=None)] if draft else []
        # Only what the customer has seen: the bot may repeat it to him, so a private note stays out.
        words = _last_words(tx, before)
        after = replace(
            before.give_to(OwnerType.BOT),
            bot_seq=before.last_customer_seq,
            facts=before.facts | {"handoff_summary": f"{agent.name}: {words}" if words else agent.name},
            priority=Priority.NORMAL,
            team_id=None,
            handoff_id=None,
        )
        end_handoff(tx, before, "handed_back", now)
        tx.conversations.change_owner(before, after)
        said.append(tx.messages.append(system(after, "handed_back"), as_owner=None))
        return Change(tx.conversations.lock(id), tuple(said), owner_changed=True, previous_owner=agent.id)

    return await _run(services, work)


async def resolve(services: Services, agent: Agent, id: ConversationId, epoch: object, outcome: object) -> Conversation:
    """End the conversation; the bot owns what may come. Raises as `own_conversation`; those who oversee may end any."""
    seen = check_epoch(epoch)
    if outcome is not None and (not isinstance(outcome, str) or len(outcome) > 50):
        raise Invalid("outcome", "not_a_short_string")

    def work(tx: Transaction) -> Change:
        now = services.now()
        before = _to_end(tx, agent, id, seen)
        if before.status is Status.RESOLVED:
            return Change(before)
        words = _last_words(tx, before)
        facts = before.facts | ({"handoff_summary": f"{agent.name}: {words}"} if words else {})
        tx.turns.close_running(id)
        after = replace(
            before.give_to(OwnerType.BOT),
            status=Status.RESOLVED,
            resolved_at=now,
            bot_seq=before.last_customer_seq,
            facts=facts,
            priority=Priority.NORMAL,
            team_id=None,
            waiting_since=None,
        )
        end_handoff(tx, before, str(outcome or "resolved")[:50], now)
        tx.conversations.change_owner(before, after)
        said = tx.messages.append(system(after, "resolved"), as_owner=None)
        return Change(
            tx.conversations.lock(id),
            (said,),
            owner_changed=True,
            previous_owner=before.owner.id,
            queue_changed=before.owner.type is OwnerType.QUEUE,
        )

    return await _run(services, work)


def _to_end(tx: Transaction, agent: Agent, id: ConversationId, epoch: int) -> Conversation:
    if not agent.oversees:
        return own_conversation(tx, agent, id, epoch)
    conversation = access_conversation(tx, agent, id)
    if conversation.owner.epoch != epoch:
        raise Conflict("the owner has changed", code="stale_epoch", owner=owner_json(conversation.owner))
    return conversation


async def reopen(services: Services, agent: Agent, id: ConversationId) -> Conversation:
    """Take an ended conversation up again, as its owner. Raises Conflict("has_open_conversation"), AtCapacity, NotFound."""

    def work(tx: Transaction) -> Change:
        now = services.now()
        holder = tx.agents.lock(agent.id, now)
        before = access_conversation(tx, agent, id)
        if before.status is not Status.RESOLVED:
            raise Conflict("this conversation has not ended", code="not_resolved", owner=owner_json(before.owner))
        current = tx.conversations.current(before.customer_id)
        if current is not None:
            raise Conflict(
                "the customer has a newer conversation", code="has_open_conversation", conversation_id=current.id
            )
        if holder.load >= holder.capacity and not agent.oversees:
            raise AtCapacity(
                f"you have {holder.load} of {holder.capacity} conversations", owner=owner_json(before.owner)
            )
        handoff = passage_for(tx, before, agent, services)
        tx.handoffs.save(replace(handoff, accepted_at=now, accepted_by=agent.id, accepted_name=agent.name))
        after = replace(
            before.give_to(OwnerType.AGENT, agent.id, agent.name),
            status=Status.OPEN,
            resolved_at=None,
            handoff_id=handoff.id,
            human_since=now,
        )
        tx.conversations.change_owner(before, after)
        said = tx.messages.append(system(after, "accepted", name=agent.name), as_owner=None)
        return Change(tx.conversations.lock(id), (said,), owner_changed=True)

    return await _run(services, work)


async def transfer(
    services: Services, agent: Agent, id: ConversationId, epoch: object, team_id: object, agent_id: object, note: object
) -> Conversation:
    """Pass it on to a team's queue or straight to an agent. Raises as `own_conversation`, Invalid, Conflict("agent_not_available"), AtCapacity."""
    seen = check_epoch(epoch)
    if (team_id is None) == (agent_id is None):
        raise Invalid("team_id", "one_of_team_id_and_agent_id")
    draft = _private(agent, id, note)

    def work(tx: Transaction) -> Change:
        before = own_conversation(tx, agent, id, seen)
        said = [tx.messages.append(draft, as_owner=None)] if draft else []
        if team_id is not None:
            change = _to_team(tx, services, before, team_id)
        else:
            change = _to_agent(tx, services, before, agent_id)
        return replace(change, messages=(*said, *change.messages), previous_owner=agent.id)

    return await _run(services, work)


def _to_team(tx: Transaction, services: Services, before: Conversation, team_id: object) -> Change:
    team = next((t for t in tx.agents.teams() if t.id == team_id), None)
    if team is None:
        raise Invalid("team_id", "unknown")
    now = services.now()
    waiting = replace(next_handoff(tx, before, now, "transferred"), team_id=TeamId(team.id))
    name = team.name["en"] if before.locale == "en" else team.name["zh"]

    def words(conversation: Conversation, _place: Place) -> Draft:
        return system(conversation, "transferred", team=name)

    rules = rules_of(tx, services.policy)
    return do_enqueue(tx, before, waiting, rules, services.policy, now, asked_at=now, words=words)


def _to_agent(tx: Transaction, services: Services, before: Conversation, agent_id: Any) -> Change:
    now = services.now()
    try:
        receiver = tx.agents.lock(AgentId(str(agent_id)), now)
    except NotFound:
        raise Invalid("agent_id", "unknown") from None
    if receiver.presence is not Presence.ONLINE:
        raise Conflict("that agent is not online", code="agent_not_available", owner=owner_json(before.owner))
    if receiver.load >= receiver.capacity:
        raise AtCapacity(f"{receiver.name} has {receiver.load} of {receiver.capacity}", owner=owner_json(before.owner))
    passed = next_handoff(tx, before, now, "transferred")
    tx.handoffs.add(replace(passed, accepted_by=receiver.id, accepted_name=receiver.name, accepted_at=now))
    after = replace(
        before.give_to(OwnerType.AGENT, receiver.id, receiver.name),
        handoff_id=passed.id,
        awaiting_since=before.awaiting_since or now,
    )
    tx.agents.assigned(receiver.id, now)
    tx.conversations.change_owner(before, after)
    said = tx.messages.append(system(after, "accepted", name=receiver.name), as_owner=None)
    return Change(tx.conversations.lock(before.id), (said,), owner_changed=True)


def next_handoff(tx: Transaction, conversation: Conversation, now: datetime, outcome: str) -> Handoff:
    """The same passage for the next human: a row of its own, so that who had it when stays known."""
    handoff = handoff_of(tx, conversation)
    if handoff is None:
        raise Conflict("there is no handoff to pass on", code="not_waiting", owner=owner_json(conversation.owner))
    end_handoff(tx, conversation, outcome, now)
    return replace(
        handoff,
        id=HandoffId(new_id()),
        requested_at=now,
        accepted_at=None,
        accepted_by=None,
        accepted_name=None,
        ended_at=None,
        outcome=None,
        asked=[],
        ringing=None,
        ring_until=None,
        told=None,
        pickup_seconds=None,
    )
