"""The rules of the house and the events of service levels in SQL."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from handoff.services.ports import SlaEvent
from handoff.stores.prepared import Prepared
from handoff.stores.schema import house_rules as r
from handoff.stores.schema import sla_events as e

# Asked with every list of a desk and every look of a gateway.
_ALL = Prepared(select(r.c.name, r.c.value))


class SqlRules:
    """See ports.HouseRules."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def all(self) -> dict[str, Any]:
        """See ports.HouseRules."""
        return {row.name: row.value for row in _ALL.all(self._db, {})}

    def lock(self, name: str) -> Any:
        """See ports.HouseRules."""
        return self._db.scalar(select(r.c.value).where(r.c.name == name).with_for_update())

    def save(self, name: str, value: Any, now: datetime, by: str) -> None:
        """See ports.HouseRules."""
        values = {"value": value, "updated_at": now, "updated_by": by}
        if self._db.execute(update(r).where(r.c.name == name).values(**values)).rowcount == 0:
            self._db.execute(insert(r), {"name": name, **values})

    def forget(self, name: str) -> None:
        """See ports.HouseRules."""
        self._db.execute(delete(r).where(r.c.name == name))


class SqlSlaEvents:
    """See ports.SlaEvents."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, event: SlaEvent) -> bool:
        """See ports.SlaEvents."""
        dialect = postgresql if self._db.dialect.name == "postgresql" else sqlite
        insertion = dialect.insert(e).values(**asdict(event)).on_conflict_do_nothing()
        return self._db.execute(insertion.returning(e.c.level)).one_or_none() is not None

    def known(self, ids: list[str]) -> set[tuple[str, str, datetime, str]]:
        """See ports.SlaEvents."""
        found: set[tuple[str, str, datetime, str]] = set()
        for start in range(0, len(ids), 10_000):
            query = select(e.c.conversation_id, e.c.kind, e.c.since, e.c.level).where(
                e.c.conversation_id.in_(ids[start : start + 10_000])
            )
            found.update((row.conversation_id, row.kind, row.since, row.level) for row in self._db.execute(query))
        return found

    def since(self, at: datetime, limit: int) -> list[SlaEvent]:
        """See ports.SlaEvents."""
        query = select(e).where(e.c.at >= at).order_by(e.c.at.desc()).limit(limit)
        return [SlaEvent(**row._mapping) for row in self._db.execute(query)]
