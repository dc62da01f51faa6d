"""The outbox in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from handoff.domain.ids import ConversationId, CustomerId, InboxId, new_id
from handoff.domain.outbox import Outgoing, OutgoingState
from handoff.stores.schema import outbox as o

_PENDING = OutgoingState.PENDING.value


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(**dict(row._mapping) | {"state": OutgoingState(row.state)})


class SqlOutbox:
    """See ports.Outbox."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(
        self,
        conversation_id: ConversationId,
        seq: int,
        customer_id: CustomerId,
        inbox_id: InboxId,
        channel: str,
        now: datetime,
    ) -> None:
        """See ports.Outbox."""
        row = {
            "id": new_id(),
            "conversation_id": conversation_id,
            "seq": seq,
            "customer_id": customer_id,
            "inbox_id": inbox_id,
            "channel": channel,
            "state": _PENDING,
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        self._db.execute(insert(o), row)

    def due(self, now: datetime, channels: Collection[str], limit: int) -> list[Outgoing]:
        """See ports.Outbox."""
        earlier = o.alias("earlier")
        first = ~(
            select(earlier.c.seq)
            .where(
                earlier.c.conversation_id == o.c.conversation_id,
                earlier.c.seq < o.c.seq,
                earlier.c.state == _PENDING,
            )
            .exists()
        )
        query = (
            select(o)
            .where(o.c.state == _PENDING, o.c.due_at <= now, o.c.channel.in_(sorted(channels)), first)
            .order_by(o.c.due_at, o.c.created_at, o.c.seq)  # who waited longest goes first
            .limit(limit)
        )
        return [_outgoing(row) for row in self._db.execute(query)]

    def claim(self, id: str, claim: str, now: datetime, lease_seconds: float) -> Outgoing | None:
        """See ports.Outbox."""
        row = self._db.execute(
            update(o)
            .where(o.c.id == id, o.c.state == _PENDING, o.c.due_at <= now)
            .values(claim=claim, due_at=now + timedelta(seconds=lease_seconds), attempts=o.c.attempts + 1)
            .returning(o)
        ).one_or_none()
        return _outgoing(row) if row else None

    def settle(
        self,
        item: Outgoing,
        state: OutgoingState,
        now: datetime,
        *,
        due_at: datetime | None = None,
        error: str | None = None,
        network_id: str | None = None,
    ) -> bool:
        """See ports.Outbox."""
        values: dict[str, Any] = {"state": state.value, "error": error, "network_id": network_id}
        if state is OutgoingState.PENDING:
            values["due_at"] = due_at or now
        else:
            values["finished_at"] = now
        mine = (o.c.id == item.id, o.c.claim == item.claim, o.c.state == _PENDING)
        return self._db.execute(update(o).where(*mine).values(**values)).rowcount == 1

    def get(self, id: str) -> Outgoing | None:
        """See ports.Outbox."""
        row = self._db.execute(select(o).where(o.c.id == id)).one_or_none()
        return _outgoing(row) if row else None

    def search(self, state: OutgoingState, limit: int) -> list[Outgoing]:
        """See ports.Outbox."""
        query = select(o).where(o.c.state == state.value).order_by(o.c.created_at.desc(), o.c.seq.desc()).limit(limit)
        return [_outgoing(row) for row in self._db.execute(query)]

    def revive(self, id: str, now: datetime) -> bool:
        """See ports.Outbox."""
        values = {"state": _PENDING, "attempts": 0, "due_at": now, "finished_at": None, "claim": None}
        dead = (o.c.id == id, o.c.state == OutgoingState.DEAD.value)
        return self._db.execute(update(o).where(*dead).values(**values)).rowcount == 1

    def forget(self, sent_before: datetime, dead_before: datetime) -> int:
        """See ports.Outbox."""
        old = or_(
            (o.c.state == OutgoingState.SENT.value) & (o.c.finished_at < sent_before),
            (o.c.state == OutgoingState.DEAD.value) & (o.c.finished_at < dead_before),
        )
        return self._db.execute(delete(o).where(old)).rowcount
