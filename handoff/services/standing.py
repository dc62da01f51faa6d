"""How things stand for a customer who comes (back): read in one look, so that hundreds may come in the same moment."""

from __future__ import annotations

from dataclasses import dataclass

from handoff.domain.conversation import Conversation, OwnerType
from handoff.domain.ids import ConversationId
from handoff.domain.message import Message
from handoff.domain.people import Session
from handoff.services.context import Services
from handoff.services.facts import Place
from handoff.services.places import place_of
from handoff.services.ports import Transaction
from handoff.services.sessions import begin_conversation, check_origin, check_token, session_of, shown_conversation
from handoff.services.subscription import PAGE, ReadAfter


@dataclass(frozen=True)
class Standing:
    """A customer's conversation at one moment, and what he has not read of it."""

    conversation: Conversation
    place: Place | None
    """Where he stands in the queue, if he waits."""
    cursor: int
    """His cursor; one beyond the end is taken back to it, so that he hears what comes next."""
    page: list[Message]
    """The first messages after the cursor that he may see. Fewer than asked for: all there were."""


async def resume(
    services: Services, token: object, origin: str | None, own_origin: str, after: int
) -> tuple[Session, Standing]:
    """Who comes with this token, and how things stand for him. Raises Unauthenticated, OriginNotAllowed."""
    token_hash = check_token(token)

    def work(tx: Transaction) -> tuple[Session, Standing | None]:
        session = session_of(tx, token_hash, services.now())
        inbox = tx.customers.inbox(session.inbox_id)
        if inbox is not None:
            check_origin(inbox, origin, own_origin)
        return session, _find(tx, services, session, after, PAGE)

    session, found = await services.store.read(work)
    return session, found or await _begin(services, session, after, PAGE)


async def standing_of(services: Services, session: Session, after: int, limit: int = PAGE) -> Standing:
    """How things stand now; a conversation is made when there is none to show."""
    found = await services.store.read(lambda tx: _find(tx, services, session, after, limit))
    return found or await _begin(services, session, after, limit)


async def standing_in(services: Services, id: ConversationId, after: int) -> Standing | None:
    """The same of one conversation; None when it was erased."""

    def work(tx: Transaction) -> Standing | None:
        conversation = tx.conversations.get(id)
        return None if conversation is None else _stand(tx, services, conversation, after, PAGE)

    return await services.store.read(work)


def reading(services: Services, id: ConversationId, seen: list[list[Message]]) -> ReadAfter:
    """The log as its customer may see it, from the pages that were seen already (and are let go of), then from the store."""

    async def read(cursor: int, limit: int) -> list[Message]:
        if seen:
            return seen.pop(0)
        return await services.store.read(lambda tx: tx.messages.after(id, cursor, limit, private=False))

    return read


async def _begin(services: Services, session: Session, after: int, limit: int) -> Standing:
    """For a customer who has no conversation to show."""

    def work(tx: Transaction) -> Standing:
        return _stand(tx, services, begin_conversation(tx, session, services.now()), after, limit)

    return await services.store.write(work)


def _find(tx: Transaction, services: Services, session: Session, after: int, limit: int) -> Standing | None:
    shown = shown_conversation(tx, session, services.now())
    return None if shown is None else _stand(tx, services, shown, after, limit)


def _stand(tx: Transaction, services: Services, conversation: Conversation, after: int, limit: int) -> Standing:
    cursor = min(after, conversation.last_seq)
    waits = conversation.owner.type is OwnerType.QUEUE
    place = place_of(tx, conversation, services.now()) if waits else None
    return Standing(conversation, place, cursor, tx.messages.after(conversation.id, cursor, limit, private=False))
