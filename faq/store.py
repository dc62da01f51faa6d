"""Entries in SQL: the table `faq_entries`, which the gateway's migration creates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
)

from faq.entries import Entry, EntryError, check_entry

metadata = MetaData()
faq_entries = Table(
    "faq_entries",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("category", String(50), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("phrasings", JSON, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("revision", Integer, nullable=False, index=True),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

# The gateway's writer holds SQLite's lock for milliseconds; the same patience as its own.
SQLITE_TIMEOUT_SECONDS = 5


class State(NamedTuple):
    """Differs whenever an entry was added, changed or removed.

    The revision and the count alone would miss a newest entry removed and another added in its place.
    """

    revision: int
    entries: int
    updated_at: str


class SqlEntryStore:
    """Reads entries, and adds those that are not there yet. All methods block: call them outside the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def connect(cls, url: str) -> SqlEntryStore:
        """A store for a database address; SQLite's folder must exist. Connects at the first use."""
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                url = "postgresql+psycopg://" + url.removeprefix(prefix)
        options = {"timeout": SQLITE_TIMEOUT_SECONDS} if url.startswith("sqlite") else {}
        return cls(create_engine(url, connect_args=options, pool_pre_ping=True))

    def state(self) -> State:
        """What tells one content of the table from another; cheap enough to ask every second."""
        query = select(func.max(faq_entries.c.revision), func.count(), func.max(faq_entries.c.updated_at))
        with self._engine.connect() as connection:
            revision, count, updated_at = connection.execute(query).one()
        return State(revision or 0, count, str(updated_at))

    def load(self) -> tuple[list[Entry], list[str]]:
        """The enabled entries by id, and one line for each row that cannot be used: one bad row hides no other."""
        query = select(faq_entries).where(faq_entries.c.enabled).order_by(faq_entries.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        entries: list[Entry] = []
        problems: list[str] = []
        for row in rows:
            try:
                entries.append(
                    check_entry(row["id"], row["category"], row["phrasings"], row["answer"], where="faq_entries")
                )
            except EntryError as error:
                problems.append(str(error))
        return entries, problems

    def seed(self, entries: Sequence[Entry]) -> int:
        """Add the entries whose id is not in the table, in one transaction; the number added.

        What is there stays as it is: people edit it while the system runs.
        """
        with self._engine.begin() as connection:
            known = set(connection.execute(select(faq_entries.c.id)).scalars())
            newest = connection.execute(select(func.max(faq_entries.c.revision))).scalar() or 0
            now = datetime.now(UTC)
            missing = [entry for entry in entries if entry.id not in known]
            rows = [
                {
                    "id": entry.id,
                    "category": entry.category,
                    "enabled": entry.enabled,
                    "phrasings": {language: list(texts) for language, texts in entry.phrasings.items()},
                    "answer": dict(entry.answer),
                    "revision": newest + number,
                    "updated_at": now,
                }
                for number, entry in enumerate(missing, start=1)
            ]
            if rows:
                connection.execute(insert(faq_entries), rows)
        return len(rows)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def default_url(var: Path) -> str:
    """The address of the database when `DATABASE_URL` is not set."""
    return f"sqlite:///{(var / 'kefu.db').absolute()}"
