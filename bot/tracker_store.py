"""Rasa's memory of conversations, with what the channel needs to keep its word: each turn's answer, and how far we read.

A turn's events and its answer are written in one transaction. Errors pass: Rasa's own fail-safe store would put a lost
turn into this process's memory and call it saved (docs/decisions/turns-that-fail.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.dialects import postgresql, sqlite

# The gateway tries a turn again for minutes at the most; two days also cover a weekend's outage of it.
ANSWERS_KEPT_SECONDS = 2 * 24 * 3600
# A reader of the file (a backup) may hold it this long before a turn fails.
BUSY_MILLISECONDS = 2000

_METADATA = sa.MetaData()
ANSWERS = sa.Table(
    "kefu_answers",
    _METADATA,
    sa.Column("message_id", sa.String(160), primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("answered_at", sa.Float, nullable=False, index=True),
)
# The highest seq of the gateway's log that the tracker has: survives the ends of sessions.
MARKS = sa.Table(
    "kefu_marks",
    _METADATA,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
)


# Rasa's own index is on the conversation alone: finding the session's start would read all that was ever said.
_INDEX = "CREATE INDEX IF NOT EXISTS ix_events_kefu ON events (sender_id, type_name, id)"


class MovedOn(Exception):
    """Another process, with the same store, has answered this turn or a later one; nothing was saved."""


class KefuTrackerStore(SQLTrackerStore):
    """`db`: a path for SQLite (its folder must exist), or a whole database address with `://`.

    On PostgreSQL all is in the schema `rasa`, which is made if it is missing.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        db: str = "var/tracker.db",
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        address = _with_schema(db) if "://" in db else None
        super().__init__(domain=domain, host=address, db=db, event_broker=event_broker, **kwargs)
        if self.engine.dialect.name == "sqlite":
            self._keep_connection()
        with self.engine.begin() as connection:
            _one_at_a_time(connection)
            _METADATA.create_all(connection)
            connection.execute(sa.text(_INDEX))

    def _keep_connection(self) -> None:
        """Rasa's engine opens the file anew for every question and closes it after: with WAL that is a checkpoint each time."""
        url = self.engine.url
        self.engine.dispose()
        self.engine = sa.create_engine(url, poolclass=sa.pool.QueuePool, connect_args={"check_same_thread": False})
        sa.event.listen(self.engine, "connect", _set_pragmas)
        self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)

    async def answer_of(self, message_id: str) -> dict[str, Any] | None:
        """What was answered to this message_id, if it was."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select([ANSWERS.c.answer]).where(ANSWERS.c.message_id == message_id)).first()
        return None if row is None else dict(json.loads(row[0]))

    async def last_seq(self, sender_id: str) -> int:
        """The highest seq the tracker has, 0 for a new conversation."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select([MARKS.c.seq]).where(MARKS.c.sender_id == sender_id)).first()
        return 0 if row is None else int(row[0])

    async def save_turn(
        self, tracker: DialogueStateTracker, message_id: str, answer: dict[str, Any], seq: int, *, before: int
    ) -> None:
        """Save the tracker's new events and the answer, both or neither.

        `before`: the mark when the turn began. Raises MovedOn when it is another now, or this turn was answered meanwhile.
        """
        with self.session_scope() as session:
            mine = (MARKS.c.sender_id == tracker.sender_id, MARKS.c.seq == before)
            known = session.execute(MARKS.update().where(*mine).values(seq=seq)).rowcount == 1
            if not known and (before or not _insert(session, MARKS, sender_id=tracker.sender_id, seq=seq)):
                raise MovedOn(tracker.sender_id)
            events = [_row(tracker.sender_id, event.as_dict()) for event in self._additional_events(session, tracker)]
            if events:
                session.execute(self.SQLEvent.__table__.insert(), events)
            now = time.time()
            session.execute(ANSWERS.delete().where(ANSWERS.c.answered_at < now - ANSWERS_KEPT_SECONDS))
            kept = json.dumps(answer, ensure_ascii=False, allow_nan=False)
            row = {"message_id": message_id, "sender_id": tracker.sender_id, "answer": kept, "answered_at": now}
            if not _insert(session, ANSWERS, **row):
                raise MovedOn(message_id)
            session.commit()

    async def forget(self, sender_ids: Iterable[str]) -> int:
        """Erase all that is kept of these conversations; the number of events that were."""
        erased = 0
        with self.session_scope() as session:
            for sender_id in sender_ids:
                query = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender_id)
                erased += query.delete(synchronize_session=False)
                session.execute(ANSWERS.delete().where(ANSWERS.c.sender_id == sender_id))
                session.execute(MARKS.delete().where(MARKS.c.sender_id == sender_id))
            session.commit()
        return erased

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        """As Rasa's, but each kind of event is looked up once: Rasa walks all its classes for every event, half of a long turn."""
        with self.session_scope() as session:
            query = self._event_query(session, sender_id, fetch_events_from_all_sessions)
            rows = query.with_entities(self.SQLEvent.data).all()
        if not rows or self.domain is None:
            return None
        events = [event for (data,) in rows if (event := _event(json.loads(data))) is not None]
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)

    def _event_query(self, session: Any, sender_id: str, fetch_events_from_all_sessions: bool) -> Any:
        """The events of the latest session (or of all) in their order; by number, not by time as Rasa does, so that an index finds them."""
        event = self.SQLEvent
        query = session.query(event).filter(event.sender_id == sender_id)
        if not fetch_events_from_all_sessions:
            started = (event.sender_id == sender_id, event.type_name == SessionStarted.type_name)
            newest = session.query(sa.func.max(event.id)).filter(*started).scalar_subquery()
            query = query.filter(event.id >= sa.func.coalesce(newest, 0))
        return query.order_by(event.id)


def _row(sender_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender_id": sender_id,
        "type_name": data["event"],
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data, allow_nan=False),
    }


def _event(data: dict[str, Any]) -> Event | None:
    kind = _kind(data.get("event", ""))
    return None if kind is None else kind._from_parameters(data)


@lru_cache(maxsize=100)
def _kind(name: str) -> type[Event] | None:
    return Event.resolve_by_type(name)


def _insert(session: Any, table: sa.Table, **row: Any) -> bool:
    """Insert a row; False when one with its key is there."""
    dialect = postgresql if session.bind.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**row).on_conflict_do_nothing()
    return bool(session.execute(statement).rowcount == 1)


def _one_at_a_time(connection: Any) -> None:
    """Of processes that start together one makes the tables, the others find them. SQLite's file is of one process alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7267)"))


def _with_schema(address: str) -> str:
    """The address, for the driver of this environment; a PostgreSQL one looks into the schema `rasa` only, which exists afterwards.

    Rasa's own setting for a schema makes the tables elsewhere than it looks for them.
    """
    scheme, _, rest = address.partition("://")
    if not scheme.startswith("postgres"):
        return address
    url = sa.engine.make_url(f"postgresql+psycopg2://{rest}")
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    try:
        with engine.begin() as connection:
            _one_at_a_time(connection)
            connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS rasa"))
    finally:
        engine.dispose()
    return str(url.update_query_dict({"options": "-csearch_path=rasa"}).render_as_string(hide_password=False))


def _set_pragmas(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.close()
