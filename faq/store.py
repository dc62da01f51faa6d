"""Entries in SQL, as the search reads them: the gateway edits them while the system runs, here the shipped ones are added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, create_engine, func, insert, select

from handoff.domain.faq import Entry, EntryInvalid, EntryStatus, check_entry
from handoff.stores.schema import faq_entries

# The gateway's writer holds SQLite's lock for milliseconds; the same patience as its own.
SQLITE_TIMEOUT_SECONDS = 5


SEEDED_BY = "seed"


class State(NamedTuple):
    """Differs whenever an entry was added or changed: each change gives its entry a larger revision, so that the sum grows.

    The newest alone would miss a change that was committed after one with a larger revision; the sum alone, rows that
    were exchanged by hand.
    """

    newest: int
    revisions: int
    entries: int


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
        revision = faq_entries.c.revision
        query = select(func.max(revision), func.sum(revision), func.count())
        with self._engine.connect() as connection:
            newest, revisions, count = connection.execute(query).one()
        return State(newest or 0, int(revisions or 0), count)

    def load(self) -> tuple[list[Entry], list[str]]:
        """The published entries, the latest changed last, and one line for each row that cannot be used: one bad row hides no other."""
        published = faq_entries.c.status == EntryStatus.PUBLISHED.value
        query = select(faq_entries).where(published).order_by(faq_entries.c.revision, faq_entries.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        entries: list[Entry] = []
        problems: list[str] = []
        for row in rows:
            try:
                entries.append(check_entry(row["id"], row["category"], row["phrasings"], row["answer"]))
            except EntryInvalid as invalid:
                problems.append(f"{row['id']}: {invalid}")
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
                    "status": entry.status.value,
                    "phrasings": {language: list(texts) for language, texts in entry.phrasings.items()},
                    "answer": dict(entry.answer),
                    "revision": newest + number,
                    "updated_at": now,
                    "updated_by": SEEDED_BY,
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
