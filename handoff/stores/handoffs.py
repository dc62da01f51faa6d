"""Handoffs in SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from handoff.domain.conversation import Conversation, OwnerType, Status
from handoff.domain.ids import AgentId, ConversationId, CustomerId, HandoffId
from handoff.domain.turns import Handoff, Ring
from handoff.stores.lists import QUEUE_ORDER
from handoff.stores.rows import to_conversation
from handoff.stores.schema import conversations as c
from handoff.stores.schema import handoffs as h

_FIELDS = tuple(h.columns.keys())


def _handoff(row: Row[Any]) -> Handoff:
    # Not by the row's own mapping, which makes its names anew for each row.
    return Handoff(**dict(zip(_FIELDS, row, strict=True)) | {"needs": row.needs or []})


class SqlHandoffs:
    """See ports.Handoffs."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, handoff: Handoff) -> None:
        """See ports.Handoffs."""
        self._db.execute(insert(h), asdict(handoff))

    def save(self, handoff: Handoff) -> None:
        """See ports.Handoffs."""
        self._db.execute(update(h).where(h.c.id == handoff.id).values(**asdict(handoff)))

    def get(self, id: HandoffId) -> Handoff | None:
        """See ports.Handoffs."""
        row = self._db.execute(select(h).where(h.c.id == id)).one_or_none()
        return _handoff(row) if row else None

    def by_ids(self, ids: Collection[HandoffId]) -> dict[HandoffId, Handoff]:
        """See ports.Handoffs."""
        return {row.id: _handoff(row) for row in self._db.execute(select(h).where(h.c.id.in_(ids)))} if ids else {}

    def of(self, id: ConversationId) -> list[Handoff]:
        """See ports.Handoffs."""
        # Passages follow each other, so the one that has ended is the earlier, even within one moment.
        query = select(h).where(h.c.conversation_id == id).order_by(h.c.requested_at, h.c.ended_at.nulls_last())
        return [_handoff(row) for row in self._db.execute(query)]

    def open(self) -> list[tuple[Handoff, Conversation]]:
        """See ports.Handoffs."""
        waiting = (
            select(c)
            .where(c.c.owner_type == OwnerType.QUEUE.value, c.c.status == Status.OPEN.value)
            .order_by(*QUEUE_ORDER)
        )
        found = [to_conversation(row) for row in self._db.execute(waiting)]
        ids = [conversation.handoff_id for conversation in found]
        by_id = {row.id: _handoff(row) for row in self._db.execute(select(h).where(h.c.id.in_(ids)))}
        return [
            (by_id[conversation.handoff_id], conversation) for conversation in found if conversation.handoff_id in by_id
        ]

    def rings(self) -> list[Ring]:
        """See ports.Handoffs."""
        query = (
            select(h.c.id, h.c.conversation_id, h.c.team_id, h.c.ringing, h.c.ring_until)
            .join(c, c.c.handoff_id == h.c.id)
            .where(c.c.owner_type == OwnerType.QUEUE.value, c.c.status == Status.OPEN.value)
            .order_by(*QUEUE_ORDER)
        )
        return [Ring(*row) for row in self._db.execute(query)]

    def busy_since(self) -> dict[AgentId, list[datetime]]:
        """See ports.Handoffs."""
        query = (
            select(h.c.accepted_by, h.c.accepted_at)
            .join(c, c.c.handoff_id == h.c.id)
            .where(c.c.owner_type == OwnerType.AGENT.value, c.c.status == Status.OPEN.value, h.c.ended_at.is_(None))
        )
        found: dict[AgentId, list[datetime]] = {}
        for row in self._db.execute(query):
            if row.accepted_at is not None:
                found.setdefault(row.accepted_by, []).append(row.accepted_at)
        return found

    def recent(self, limit: int) -> list[tuple[float, float | None]]:
        """See ports.Handoffs."""
        query = (
            select(h.c.accepted_at, h.c.ended_at, h.c.pickup_seconds)
            .where(h.c.accepted_at.is_not(None), h.c.ended_at.is_not(None))
            .order_by(h.c.ended_at.desc())
            .limit(limit)
        )
        return [
            ((row.ended_at - row.accepted_at).total_seconds(), row.pickup_seconds) for row in self._db.execute(query)
        ]

    def told(self, since: datetime, limit: int) -> list[Handoff]:
        """See ports.Handoffs."""
        query = (
            select(h)
            .where(h.c.accepted_at >= since, h.c.told.is_not(None))
            .order_by(h.c.accepted_at.desc())
            .limit(limit)
        )
        return [_handoff(row) for row in self._db.execute(query)]

    def last_agent(self, customer_id: CustomerId) -> AgentId | None:
        """See ports.Handoffs."""
        query = (
            select(h.c.accepted_by)
            .where(h.c.customer_id == customer_id, h.c.accepted_by.is_not(None))
            .order_by(h.c.accepted_at.desc())
            .limit(1)
        )
        found: AgentId | None = self._db.scalar(query)
        return found
