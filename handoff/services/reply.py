"""What an agent says: to the customer as the owner he believes to be, or privately to colleagues."""

from __future__ import annotations

from dataclasses import replace

from handoff.domain.conversation import Conversation, Owner
from handoff.domain.errors import ConversationTaken, DuplicateMessage, Invalid, StaleEpoch
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message, PrivateKind, Sender, check_client_id, check_text, text_content
from handoff.domain.people import Agent
from handoff.services.access import access_conversation, check_epoch
from handoff.services.context import Services
from handoff.services.facts import Change
from handoff.services.ports import Transaction


async def reply(
    services: Services, agent: Agent, id: ConversationId, text: object, epoch: object, client_id: object
) -> Message:
    """Say it to the customer. Raises Invalid, StaleEpoch or ConversationTaken (with the fresh owner), NotFound."""
    content = text_content(check_text(text))
    owner = Owner.agent(agent.id, agent.name, check_epoch(epoch))
    draft = Draft(id, Sender.AGENT, content, name=agent.name, sender_id=agent.id, client_id=check_client_id(client_id))

    def work(tx: Transaction) -> tuple[Message, Change | None]:
        try:
            message, conversation = tx.messages.append_and_read(draft, as_owner=owner, at=services.now())
        except DuplicateMessage as duplicate:
            return tx.messages.between(id, duplicate.seq, duplicate.seq)[0], None
        except StaleEpoch as stale:
            mine = access_or_had(tx, agent, id).owner.id == agent.id
            raise stale if mine else ConversationTaken(str(stale), **stale.extra) from None
        return message, Change(conversation, (message,))

    message, change = await services.store.write(work)
    if change is not None:
        await services.hub.announce(change)
    return message


def access_or_had(tx: Transaction, agent: Agent, id: ConversationId) -> Conversation:
    """The conversation, if he may see it or had it before. Raises NotFound."""
    if any(h.accepted_by == agent.id for h in tx.handoffs.of(id)):
        return tx.conversations.lock(id)
    return access_conversation(tx, agent, id)


async def note(services: Services, agent: Agent, id: ConversationId, text: object, client_id: object) -> Message:
    """A private note. Raises Invalid, NotFound."""
    content = text_content(check_text(text))
    identifier = check_client_id(client_id)

    def work(tx: Transaction) -> tuple[Message, Change | None]:
        conversation = access_conversation(tx, agent, id)
        supervises = agent.oversees and conversation.owner.id != agent.id
        kind = PrivateKind.WHISPER if supervises else PrivateKind.NOTE
        draft = Draft(id, Sender.AGENT, content, agent.name, agent.id, identifier, kind)
        try:
            message = tx.messages.append(draft, as_owner=None)
        except DuplicateMessage as duplicate:
            return tx.messages.between(id, duplicate.seq, duplicate.seq)[0], None
        return message, Change(tx.conversations.lock(id), (message,))

    message, change = await services.store.write(work)
    if change is not None:
        await services.hub.announce(change)
    return message


async def mark_read(services: Services, agent: Agent, id: ConversationId, seq: object) -> Conversation:
    """The owning agent has read up to `seq`. Raises Invalid, NotFound."""
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        raise Invalid("seq", "not_a_number")

    def work(tx: Transaction) -> tuple[Conversation, bool]:
        conversation = access_conversation(tx, agent, id)
        if conversation.owner.id != agent.id or min(seq, conversation.last_seq) <= conversation.read_seq:
            return conversation, False
        read = replace(conversation, read_seq=min(seq, conversation.last_seq))
        tx.conversations.save(read)
        return read, True

    conversation, moved = await services.store.write(work)
    if moved:
        await services.hub.announce(Change(conversation))
    return conversation
