"""The log in SQL: append is one conditional update and one insert."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, case, func, insert, select, update

from handoff.domain.conversation import Conversation, Owner, OwnerType
from handoff.domain.errors import ClientIdReused, DuplicateMessage, NotFound, StaleEpoch
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message, PrivateKind, Sender
from handoff.domain.outbox import READ_BY_CUSTOMERS
from handoff.stores.outbox import SqlOutbox
from handoff.stores.prepared import Prepared
from handoff.stores.rows import to_conversation
from handoff.stores.schema import conversations as c
from handoff.stores.schema import inboxes
from handoff.stores.schema import messages as m

# What the lists show of a last message.
_PREVIEW = 120


def _message(row: Row[Any]) -> Message:
    return Message(
        conversation_id=row.conversation_id,
        seq=row.seq,
        prev_public=row.prev_public,
        sender=Sender(row.sender),
        sender_id=row.sender_id,
        name=row.name,
        content=row.content,
        kind=PrivateKind(row.kind) if row.kind else None,
        client_id=row.client_id,
        created_at=row.created_at,
    )


# Every message passes here.
_INSERT = Prepared(insert(m))
_BETWEEN = Prepared(
    select(m)
    .where(m.c.conversation_id == bindparam("the_id"), m.c.seq.between(bindparam("the_first"), bindparam("the_last")))
    .order_by(m.c.seq)
)
_AFTER = (
    select(m)
    .where(m.c.conversation_id == bindparam("the_id"), m.c.seq > bindparam("the_seq"))
    .order_by(m.c.seq)
    .limit(bindparam("at_most", type_=Integer))
)
_PUBLIC_AFTER, _ALL_AFTER = Prepared(_AFTER.where(m.c.kind.is_(None))), Prepared(_AFTER)
_REPEATED = Prepared(
    select(m.c.seq, m.c.content, m.c.sender).where(
        m.c.conversation_id == bindparam("the_id"), m.c.client_id == bindparam("the_client_id")
    )
)


@cache
def _count_message(sender: Sender, private: bool, owned: bool, by_somebody: bool) -> Prepared:
    """The update that gives a message its seq and says what it means for the conversation.

    `owned`: only if the owner is still the one of the parameters `as_type`, `as_epoch` and (`by_somebody`) `as_id`.
    """
    following = c.c.last_seq + 1
    said_at = bindparam("said_at", type_=c.c.awaiting_since.type)
    values: dict[str, Any] = {"last_seq": following, "updated_at": bindparam("now", type_=c.c.updated_at.type)}
    if not private:
        values |= {
            "prev_public_seq": c.c.last_public_seq,
            "last_public_seq": following,
            "last_message": bindparam("last_message_is", type_=c.c.last_message.type),
        }
    if sender is Sender.CUSTOMER:
        values["last_customer_seq"] = following
        # A human's clock runs from the first words that he has not answered; with the bot none does.
        humans = func.coalesce(c.c.awaiting_since, said_at)
        values["awaiting_since"] = case((c.c.owner_type != OwnerType.BOT.value, humans), else_=None)
    elif sender is Sender.AGENT and not private:
        values["awaiting_since"] = None
        values["responded_at"] = func.coalesce(c.c.responded_at, said_at)
    where = [c.c.id == bindparam("the_id")]
    if owned:
        where += [c.c.owner_type == bindparam("as_type"), c.c.epoch == bindparam("as_epoch")]
        where.append(c.c.owner_id == bindparam("as_id") if by_somebody else c.c.owner_id.is_(None))
    channel = select(inboxes.c.kind).where(inboxes.c.id == c.c.inbox_id).scalar_subquery()
    return Prepared(update(c).where(and_(*where)).values(**values).returning(*c.columns, channel.label("channel")))


class SqlMessages:
    """See ports.Messages."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def append(self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None) -> Message:
        """See ports.Messages."""
        return self.append_and_read(draft, as_owner=as_owner, at=at)[0]

    def append_and_read(
        self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None
    ) -> tuple[Message, Conversation]:
        """See ports.Messages."""
        if draft.client_id is not None:
            self._refuse_repeated(draft)
        now = datetime.now(UTC)
        said_at = at or now
        given: dict[str, Any] = {"the_id": draft.conversation_id, "now": now, "said_at": said_at}
        if not draft.private:
            given["last_message_is"] = {
                "sender": draft.sender.value,
                "text": str(draft.content.get("text", ""))[:_PREVIEW],
                "created_at": said_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        if as_owner is not None:
            given |= {"as_type": as_owner.type.value, "as_epoch": as_owner.epoch, "as_id": as_owner.id}
        statement = _count_message(draft.sender, draft.private, as_owner is not None, bool(as_owner and as_owner.id))
        row = statement.one(self._db, given)
        if row is None:
            raise self._why_not(draft.conversation_id)
        fields: dict[str, Any] = {
            "conversation_id": draft.conversation_id,
            "seq": row.last_seq,
            "prev_public": row.last_public_seq if draft.private else row.prev_public_seq,
            "sender": draft.sender,
            "sender_id": draft.sender_id,
            "name": draft.name,
            "content": draft.content,
            "kind": draft.kind,
            "client_id": draft.client_id,
            "created_at": said_at,
        }
        stored = fields | {"sender": draft.sender.value, "kind": draft.kind.value if draft.kind else None}
        _INSERT.run(self._db, stored)
        if not draft.private and draft.sender is not Sender.CUSTOMER and row.channel != READ_BY_CUSTOMERS:
            outbox = SqlOutbox(self._db)
            outbox.add(draft.conversation_id, row.last_seq, row.customer_id, row.inbox_id, row.channel, said_at)
        return Message(**fields), to_conversation(row)

    def _refuse_repeated(self, draft: Draft) -> None:
        given = {"the_id": draft.conversation_id, "the_client_id": draft.client_id}
        row = _REPEATED.one(self._db, given)
        if row is None:
            return
        if row.sender == draft.sender.value and row.content == draft.content:
            raise DuplicateMessage(row.seq)
        raise ClientIdReused(f"client_id {draft.client_id} was used before for another message")

    def _why_not(self, id: ConversationId) -> Exception:
        row = self._db.execute(
            select(c.c.owner_type, c.c.owner_id, c.c.owner_name, c.c.epoch).where(c.c.id == id)
        ).one_or_none()
        if row is None:
            return NotFound("no such conversation")
        owner = {
            "type": OwnerType(row.owner_type).value,
            "id": row.owner_id,
            "name": row.owner_name,
            "epoch": row.epoch,
        }
        return StaleEpoch("the owner of this conversation has changed", owner=owner)

    def after(self, id: ConversationId, seq: int, limit: int, *, private: bool) -> list[Message]:
        """See ports.Messages."""
        query = _ALL_AFTER if private else _PUBLIC_AFTER
        return [_message(row) for row in query.all(self._db, {"the_id": id, "the_seq": seq, "at_most": limit})]

    def before(self, id: ConversationId, seq: int, limit: int) -> list[Message]:
        """See ports.Messages."""
        query = select(m).where(m.c.conversation_id == id, m.c.seq < seq).order_by(m.c.seq.desc()).limit(limit)
        return [_message(row) for row in self._db.execute(query)][::-1]

    def between(self, id: ConversationId, first: int, last: int) -> list[Message]:
        """See ports.Messages."""
        rows = _BETWEEN.all(self._db, {"the_id": id, "the_first": first, "the_last": last})
        return [_message(row) for row in rows]

    def by_client_id(self, id: ConversationId, client_id: str) -> Message | None:
        """See ports.Messages."""
        row = self._db.execute(select(m).where(m.c.conversation_id == id, m.c.client_id == client_id)).one_or_none()
        return _message(row) if row else None
