"""The knowledge base in SQL: its entries, and what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from handoff.domain.faq import Entry, EntryStatus, StoredEntry
from handoff.services.ports import FaqSearch, Unanswered
from handoff.stores.schema import faq_entries as e
from handoff.stores.schema import faq_searches as s


def _stored(row: Row[Any]) -> StoredEntry:
    phrasings = {language: tuple(texts) for language, texts in row.phrasings.items()}
    entry = Entry(row.id, row.category, phrasings, dict(row.answer), EntryStatus(row.status))
    return StoredEntry(entry, row.revision, row.updated_at, row.updated_by)


def _values(entry: Entry, revision: int, now: datetime, by: str) -> dict[str, Any]:
    return {
        "category": entry.category,
        "status": entry.status.value,
        "phrasings": {language: list(texts) for language, texts in entry.phrasings.items()},
        "answer": dict(entry.answer),
        "revision": revision,
        "updated_at": now,
        "updated_by": by,
    }


class SqlFaqEntries:
    """See ports.FaqEntries."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, id: str) -> StoredEntry | None:
        """See ports.FaqEntries."""
        row = self._db.execute(select(e).where(e.c.id == id)).one_or_none()
        return _stored(row) if row else None

    def all(self) -> list[StoredEntry]:
        """See ports.FaqEntries."""
        return [_stored(row) for row in self._db.execute(select(e).order_by(e.c.id))]

    def ids(self) -> set[str]:
        """See ports.FaqEntries."""
        return set(self._db.scalars(select(e.c.id)))

    def categories(self) -> set[str]:
        """See ports.FaqEntries."""
        return set(self._db.scalars(select(e.c.category).distinct()))

    def add(self, entries: Sequence[Entry], now: datetime, by: str) -> None:
        """See ports.FaqEntries."""
        newest = self._newest()
        rows = [{"id": entry.id, **_values(entry, newest + n, now, by)} for n, entry in enumerate(entries, start=1)]
        if rows:
            self._db.execute(insert(e), rows)

    def change(self, changes: Sequence[tuple[Entry, int]], now: datetime, by: str) -> list[str]:
        """See ports.FaqEntries."""
        newest, stale = self._newest(), []
        for number, (entry, version) in enumerate(changes, start=1):
            statement = update(e).where(e.c.id == entry.id, e.c.revision == version)
            if self._db.execute(statement.values(**_values(entry, newest + number, now, by))).rowcount == 0:
                stale.append(entry.id)
        return stale

    def _newest(self) -> int:
        return self._db.scalar(select(func.max(e.c.revision))) or 0


class SqlFaqSearches:
    """See ports.FaqSearches."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, search: FaqSearch) -> None:
        """See ports.FaqSearches."""
        self._db.execute(insert(s), asdict(search))

    def outcomes(self, since: datetime, until: datetime) -> dict[tuple[datetime, str], int]:
        """See ports.FaqSearches."""
        query = select(s.c.hour, s.c.outcome, func.count()).where(s.c.hour >= since, s.c.hour <= until)
        rows = self._db.execute(query.group_by(s.c.hour, s.c.outcome)).all()
        return {(hour, outcome): count for hour, outcome, count in rows}

    def found(self, since: datetime, until: datetime, limit: int) -> list[tuple[str, int]]:
        """See ports.FaqSearches."""
        query = select(s.c.entry_id, func.count().label("times")).where(
            s.c.hour >= since, s.c.hour <= until, s.c.outcome == "answer", s.c.entry_id.is_not(None)
        )
        ranked = query.group_by(s.c.entry_id).order_by(func.count().desc(), s.c.entry_id).limit(limit)
        return [(str(entry_id), times) for entry_id, times in self._db.execute(ranked)]

    def unanswered(self, since: datetime, until: datetime, limit: int) -> list[Unanswered]:
        """See ports.FaqSearches."""
        taken_up = select(s.c.text_hash).where(s.c.draft_id.is_not(None))
        query = select(func.min(s.c.text), s.c.text_hash, func.count(), func.min(s.c.hour), func.max(s.c.hour)).where(
            s.c.hour >= since, s.c.hour <= until, s.c.outcome == "unknown", s.c.text_hash.not_in(taken_up)
        )
        ranked = query.group_by(s.c.text_hash).order_by(func.count().desc(), s.c.text_hash).limit(limit)
        return [Unanswered(*row) for row in self._db.execute(ranked)]

    def take_up(self, text_hashes: Sequence[str], draft_id: str) -> None:
        """See ports.FaqSearches."""
        self._db.execute(update(s).where(s.c.text_hash.in_(text_hashes)).values(draft_id=draft_id))
