"""Cases in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from handoff.domain.cases import Case, CaseKind, CaseStatus
from handoff.domain.errors import NotFound
from handoff.domain.ids import CaseId, CustomerId
from handoff.stores.schema import case_events, case_numbers
from handoff.stores.schema import cases as k

# A case younger than this is still being told to the shop by the request that made it.
_EFFECT_GRACE = timedelta(seconds=20)


def _case(row: Row[Any]) -> Case:
    return Case(
        id=row.id,
        number=row.number,
        kind=CaseKind(row.kind),
        status=CaseStatus(row.status),
        customer_id=row.customer_id,
        conversation_id=row.conversation_id,
        order_number=row.order_number,
        summary=row.summary,
        data=row.data,
        effect=row.effect,
        team_id=row.team_id,
        agent_id=row.agent_id,
        due_at=row.due_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        subject=row.subject,
    )


def _values(case: Case) -> dict[str, Any]:
    values = {name: getattr(case, name) for name in Case.__dataclass_fields__}
    return values | {"kind": case.kind.value, "status": case.status.value}


class SqlCases:
    """See ports.Cases."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, case: Case, key: str, request_hash: str) -> None:
        """See ports.Cases."""
        self._db.execute(insert(k), _values(case) | {"idempotency_key": key, "request_hash": request_hash})

    def by_key(self, key: str) -> tuple[Case, str] | None:
        """See ports.Cases."""
        row = self._db.execute(select(k).where(k.c.idempotency_key == key)).one_or_none()
        return (_case(row), row.request_hash) if row else None

    def get(self, id: CaseId) -> Case | None:
        """See ports.Cases."""
        row = self._db.execute(select(k).where(k.c.id == id)).one_or_none()
        return _case(row) if row else None

    def lock(self, id: CaseId) -> Case:
        """See ports.Cases."""
        row = self._db.execute(select(k).where(k.c.id == id).with_for_update()).one_or_none()
        if row is None:
            raise NotFound("no such case")
        return _case(row)

    def live(self, subject: str) -> Case | None:
        """See ports.Cases."""
        live = [status.value for status in CaseStatus if status.live]
        row = self._db.execute(select(k).where(k.c.subject == subject, k.c.status.in_(live))).one_or_none()
        return _case(row) if row else None

    def save(self, case: Case) -> None:
        """See ports.Cases."""
        self._db.execute(update(k).where(k.c.id == case.id).values(**_values(case)))

    def next_number(self, letter: str, now: datetime) -> str:
        """See ports.Cases: letter, date, and a number of the day that is never given twice."""
        day = now.strftime("%Y%m%d")
        row = self._db.execute(
            update(case_numbers)
            .where(case_numbers.c.day == day)
            .values(last=case_numbers.c.last + 1)
            .returning(case_numbers.c.last)
        ).one_or_none()
        if row is None:
            self._db.execute(insert(case_numbers), {"day": day, "last": 1})
        return f"{letter}{day[2:]}{row.last if row else 1:04d}"

    def search(
        self,
        *,
        status: CaseStatus | None = None,
        kind: str | None = None,
        customer_id: CustomerId | None = None,
        team_ids: Sequence[str] | None = None,
        limit: int = 200,
    ) -> list[Case]:
        """See ports.Cases."""
        query = select(k).order_by(k.c.created_at.desc()).limit(limit)
        if status:
            query = query.where(k.c.status == status.value)
        if kind:
            query = query.where(k.c.kind == kind)
        if customer_id:
            query = query.where(k.c.customer_id == customer_id)
        if team_ids is not None:
            query = query.where(or_(k.c.team_id.in_(team_ids), k.c.team_id.is_(None)))
        return [_case(row) for row in self._db.execute(query)]

    def without_effect(self, now: datetime, limit: int) -> list[Case]:
        """See ports.Cases."""
        query = (
            select(k)
            .where(
                k.c.effect.is_(None),
                k.c.kind.in_([kind.value for kind in CaseKind if kind.after_sales]),
                k.c.status.in_([CaseStatus.OPEN.value, CaseStatus.IN_PROGRESS.value]),
                k.c.created_at < now - _EFFECT_GRACE,
            )
            .limit(limit)
        )
        return [_case(row) for row in self._db.execute(query)]

    def record(self, case_id: CaseId, at: datetime, actor: str, kind: str, data: dict[str, Any]) -> None:
        """See ports.Cases."""
        self._db.execute(
            insert(case_events), {"case_id": case_id, "at": at, "actor": actor, "kind": kind, "data": data}
        )

    def events(self, case_id: CaseId) -> list[dict[str, Any]]:
        """See ports.Cases."""
        e = case_events.c
        query = select(e.at, e.actor, e.kind, e.data).where(e.case_id == case_id).order_by(e.id)
        return [dict(row._mapping) for row in self._db.execute(query)]
