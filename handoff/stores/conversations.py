"""Conversations in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, literal_column, select, text, update

from handoff.domain.conversation import Conversation, Head, OwnerType, Priority, Status
from handoff.domain.errors import NotFound, StaleEpoch
from handoff.domain.ids import AgentId, ConversationId, CustomerId, InboxId, new_id
from handoff.domain.message import Sender
from handoff.domain.people import Agent
from handoff.domain.sla import Deadline
from handoff.stores.late import late_rows
from handoff.stores.lists import QUEUE_ORDER, desk_list
from handoff.stores.prepared import Prepared
from handoff.stores.rows import to_conversation
from handoff.stores.schema import UNANSWERED, bot_turns, messages
from handoff.stores.schema import conversations as c


def _state(conversation: Conversation) -> dict[str, Any]:
    """Everything but the log's counters and clocks, the owner, and the time of making."""
    return {
        "status": conversation.status.value,
        "bot_seq": conversation.bot_seq,
        "known_seq": conversation.known_seq,
        "turn_no": conversation.turn_no,
        "locale": conversation.locale,
        "priority": conversation.priority.value,
        "priority_rank": conversation.priority.rank,
        "team_id": conversation.team_id,
        "handoff_id": conversation.handoff_id,
        "waiting_since": conversation.waiting_since,
        "slots": conversation.slots,
        "facts": conversation.facts,
        "read_seq": conversation.read_seq,
        "customer_read_seq": conversation.customer_read_seq,
        "resolved_at": conversation.resolved_at,
        "human_since": conversation.human_since,
        "queue_due_at": conversation.queue_due_at,
        "updated_at": datetime.now(UTC),
    }


# Asked with every message.
_BY_ID = Prepared(select(c).where(c.c.id == bindparam("the_id")))
_LOCK = Prepared(select(c).where(c.c.id == bindparam("the_id")).with_for_update())
# In the words of the index: for a parameter SQLite would plan anew with every run whether the index holds it.
_IS_CURRENT = (
    c.c.customer_id == bindparam("the_customer"),
    c.c.status != literal_column(f"'{Status.RESOLVED.value}'"),
)
_CURRENT = Prepared(select(c).where(*_IS_CURRENT).with_for_update())
_CURRENT_ID = Prepared(select(c.c.id).where(*_IS_CURRENT).with_for_update())
_LATEST = Prepared(
    select(c).where(c.c.customer_id == bindparam("the_customer")).order_by(c.c.updated_at.desc()).limit(1)
)
# A customer has few conversations; that the index holds the one that goes on would not help to find the latest.
_SHOWN = Prepared(
    select(c)
    .where(c.c.customer_id == bindparam("the_customer"))
    .order_by(c.c.status == Status.RESOLVED.value, c.c.updated_at.desc())
    .limit(1)
)
_HEAD = (c.c.last_seq, c.c.epoch, c.c.read_seq, c.c.customer_read_seq)
# All that `_state` gives.
_SAVED = (
    "status", "bot_seq", "known_seq", "turn_no", "locale", "priority", "priority_rank", "team_id", "handoff_id", "waiting_since", "slots",
    "facts", "read_seq", "customer_read_seq", "resolved_at", "human_since", "queue_due_at", "updated_at",
)  # fmt: skip
_SAVE = Prepared(
    update(c)
    .where(c.c.id == bindparam("the_id"))
    .values({name: bindparam(f"its_{name}", type_=c.c[name].type) for name in _SAVED})
)
_COUNT_TURN = Prepared(update(c).where(c.c.id == bindparam("the_id")).values(turn_no=bindparam("the_turn_no")))
_ENDED_WITH = Prepared(
    select(c.c.id)
    .join(messages, messages.c.conversation_id == c.c.id)
    .where(
        c.c.customer_id == bindparam("the_customer"),
        c.c.status == Status.RESOLVED.value,
        messages.c.client_id == bindparam("the_client_id"),
        messages.c.sender == Sender.CUSTOMER.value,
    )
    .order_by(c.c.created_at.desc())
    .limit(1)
)


class SqlConversations:
    """See ports.Conversations."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def _one(self, query: Prepared, **given: Any) -> Conversation | None:
        row = query.one(self._db, given)
        return to_conversation(row) if row else None

    def get(self, id: ConversationId) -> Conversation | None:
        """See ports.Conversations."""
        return self._one(_BY_ID, the_id=id)

    def lock(self, id: ConversationId) -> Conversation:
        """See ports.Conversations. On SQLite the one writer holds everything already."""
        found = self._one(_LOCK, the_id=id)
        if found is None:
            raise NotFound("no such conversation")
        return found

    def current(self, customer_id: CustomerId) -> Conversation | None:
        """See ports.Conversations."""
        return self._one(_CURRENT, the_customer=customer_id)

    def lock_current(self, customer_id: CustomerId) -> ConversationId | None:
        """See ports.Conversations."""
        row = _CURRENT_ID.one(self._db, {"the_customer": customer_id})
        return row.id if row else None

    def shown(self, customer_id: CustomerId) -> Conversation | None:
        """See ports.Conversations."""
        return self._one(_SHOWN, the_customer=customer_id)

    def latest(self, customer_id: CustomerId) -> Conversation | None:
        """See ports.Conversations."""
        return self._one(_LATEST, the_customer=customer_id)

    def ended_with(self, customer_id: CustomerId, client_id: str) -> ConversationId | None:
        """See ports.Conversations."""
        given = {"the_customer": customer_id, "the_client_id": client_id}
        row = _ENDED_WITH.one(self._db, given)
        return row.id if row else None

    def create(
        self, customer_id: CustomerId, inbox_id: InboxId, locale: str, previous: ConversationId | None
    ) -> Conversation:
        """See ports.Conversations."""
        now = datetime.now(UTC)
        values: dict[str, Any] = dict.fromkeys(
            ("last_seq", "last_public_seq", "prev_public_seq", "last_customer_seq", "bot_seq", "known_seq", "turn_no",
             "read_seq", "customer_read_seq", "priority_rank"), 0)  # fmt: skip
        values |= {
            "id": new_id(),
            "customer_id": customer_id,
            "inbox_id": inbox_id,
            "status": Status.OPEN.value,
            "owner_type": OwnerType.BOT.value,
            "epoch": 1,
            "locale": locale,
            "priority": Priority.NORMAL.value,
            "slots": {},
            "facts": {},
            "previous_id": previous,
            "created_at": now,
            "updated_at": now,
        }
        self._db.execute(insert(c), values)
        return self.lock(values["id"])

    def save(self, conversation: Conversation) -> None:
        """See ports.Conversations."""
        state = {f"its_{name}": value for name, value in _state(conversation).items()}
        _SAVE.run(self._db, {"the_id": conversation.id, **state})

    def change_owner(self, before: Conversation, after: Conversation) -> None:
        """See ports.Conversations."""
        old, new = before.owner, after.owner
        done = self._db.execute(
            update(c)
            .where(
                c.c.id == before.id,
                c.c.owner_type == old.type.value,
                c.c.epoch == old.epoch,
                c.c.owner_id.is_(None) if old.id is None else c.c.owner_id == old.id,
            )
            .values(
                owner_type=new.type.value,
                owner_id=new.id,
                owner_name=new.name,
                epoch=new.epoch,
                awaiting_since=after.awaiting_since,
                responded_at=after.responded_at,
                **_state(after),
            )
        )
        if done.rowcount != 1:
            fresh = self.lock(before.id).owner
            owner = {"type": fresh.type.value, "id": fresh.id, "name": fresh.name, "epoch": fresh.epoch}
            raise StaleEpoch("the owner of this conversation has changed", owner=owner)

    def count_turn(self, id: ConversationId, turn_no: int) -> None:
        """Remember the number of the newest bot turn."""
        _COUNT_TURN.run(self._db, {"the_id": id, "the_turn_no": turn_no})

    def search(
        self,
        *,
        agent: Agent,
        owner: str,
        status: str | None,
        q: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Conversation]:
        """See ports.Conversations."""
        query = desk_list(agent, owner, status, q, before).limit(limit)
        return [to_conversation(row) for row in self._db.execute(query)]

    def of_customer(self, customer_id: CustomerId) -> list[Conversation]:
        """See ports.Conversations."""
        query = select(c).where(c.c.customer_id == customer_id).order_by(c.c.created_at.desc())
        return [to_conversation(row) for row in self._db.execute(query)]

    def waiting(self, team_ids: Sequence[str] | None = None) -> list[Conversation]:
        """See ports.Conversations."""
        query = select(c).where(c.c.owner_type == OwnerType.QUEUE.value, c.c.status == Status.OPEN.value)
        if team_ids is not None:
            query = query.where(c.c.team_id.in_(team_ids))
        query = query.order_by(*QUEUE_ORDER)
        return [to_conversation(row) for row in self._db.execute(query)]

    def unanswered(self, now: datetime, limit: int) -> list[ConversationId]:
        """See ports.Conversations."""
        live = select(bot_turns.c.turn_no).where(
            bot_turns.c.conversation_id == c.c.id, bot_turns.c.state == "running", bot_turns.c.claimed_until > now
        )
        query = (
            select(c.c.id)
            .where(
                text(UNANSWERED),
                ~live.exists(),
            )
            .limit(limit)
        )
        return list(self._db.scalars(query))

    def owned_by(self, agent_id: AgentId) -> list[Conversation]:
        """See ports.Conversations."""
        query = select(c).where(c.c.owner_type == OwnerType.AGENT.value, c.c.owner_id == agent_id)
        return [to_conversation(row) for row in self._db.execute(query)]

    def line(self) -> list[tuple[ConversationId, str]]:
        """See ports.Conversations."""
        query = (
            select(c.c.id, c.c.team_id)
            .where(c.c.owner_type == OwnerType.QUEUE.value, c.c.status == Status.OPEN.value)
            .order_by(*QUEUE_ORDER)
        )
        return [(row.id, row.team_id or "") for row in self._db.execute(query)]

    def late(self, deadlines: Sequence[Deadline]) -> list[Conversation]:
        """See ports.Conversations."""
        return [to_conversation(row) for row in late_rows(self._db, deadlines)]

    def heads(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Head]:
        """See ports.Conversations. Asked in slices, because databases bound the number of parameters."""
        found: dict[ConversationId, Head] = {}
        for start in range(0, len(ids), 10_000):
            query = select(c.c.id, *_HEAD).where(c.c.id.in_(ids[start : start + 10_000]))
            found.update({row[0]: Head(*row[1:]) for row in self._db.execute(query)})
        return found

    def changed_since(self, at: datetime) -> dict[ConversationId, Head]:
        """See ports.Conversations."""
        query = select(c.c.id, *_HEAD).where(c.c.updated_at >= at).order_by(c.c.updated_at.desc()).limit(5000)
        return {row[0]: Head(*row[1:]) for row in self._db.execute(query)}
