"""Which conversations have a promise that is late and not written down: asked by every gateway each second, so nothing else is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, or_, select

from handoff.domain.conversation import OwnerType, Priority, Status
from handoff.domain.sla import LEVELS, Deadline, SlaKind, SlaState
from handoff.stores.prepared import Prepared
from handoff.stores.schema import conversations as c
from handoff.stores.schema import sla_events as events

_RUNNING: dict[SlaKind, list[ColumnElement[bool]]] = {
    SlaKind.FIRST_RESPONSE: [c.c.responded_at.is_(None)],
    SlaKind.NEXT_RESPONSE: [c.c.responded_at.is_not(None)],
    SlaKind.RESOLUTION: [],
}


def _name(kind: SlaKind, priority: Priority, state: SlaState) -> str:
    return f"{kind.value}_{priority.value}_{state.value}"


def _late(kind: SlaKind, state: SlaState) -> ColumnElement[bool]:
    """That this clock runs, is past its deadline, and nothing is written down of it. A deadline that is NULL is never past."""
    since = c.c.human_since if kind is SlaKind.RESOLUTION else c.c.awaiting_since
    past = [
        and_(c.c.priority == p.value, since <= bindparam(_name(kind, p, state), type_=since.type)) for p in Priority
    ]
    told = select(events.c.level).where(
        events.c.conversation_id == c.c.id,
        events.c.kind == kind.value,
        events.c.since == since,
        or_(events.c.level == LEVELS[state], events.c.level == LEVELS[SlaState.BREACHED]),
    )
    return and_(*_RUNNING[kind], or_(*past), ~told.exists())


_LATE = Prepared(
    select(c).where(
        or_(c.c.owner_type == OwnerType.QUEUE.value, c.c.owner_type == OwnerType.AGENT.value),
        c.c.status == Status.OPEN.value,
        or_(*(_late(kind, state) for kind in SlaKind for state in LEVELS)),
    )
)


def late_rows(db: Connection, deadlines: Iterable[Deadline]) -> list[Row[Any]]:
    """See ports.Conversations.late."""
    given: dict[str, Any] = {_name(k, p, state): None for k in SlaKind for p in Priority for state in LEVELS}
    return _LATE.all(db, given | {_name(d.kind, d.priority, d.state): d.began_by for d in deadlines})
