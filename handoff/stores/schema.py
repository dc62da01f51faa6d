"""The tables. Each names in `info` how its rows lead to a customer and how long they are kept.

`info["customer"]`: the column with the customer's id, `conversation` when the row is reached through its conversation, or None for
rows that are about nobody. `services.erase` walks this, and a test fails when a table does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite has no time zones, so it is stored there without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; naive values are refused, because nobody knows what they mean."""
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        return None if value is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """In one step on SQLite: every message carries ten moments in and out."""
        return _to_sqlite if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """As above."""
        return _from_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.astimezone(UTC)


def _to_sqlite(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_sqlite(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
ID = String(64)


def _info(customer: str | None, retention: str, ends: tuple[str, timedelta] | None = None) -> dict[str, Any]:
    """`ends`: rows go once this column's time lies this long back."""
    return {"customer": customer, "retention": retention, "ends": ends}


inboxes = Table(
    "inboxes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("website_token", String(200), unique=True),
    Column("secret", String(200)),
    Column("origins", JSON, nullable=False),
    info=_info(None, "as long as the inbox exists"),
)

customers = Table(
    "customers",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200)),
    Column("email", String(320)),
    Column("identifier", String(200), unique=True),
    Column("vip", Boolean, nullable=False, default=False),
    Column("created_at", UtcDateTime, nullable=False),
    info=_info("id", "until erased"),
)

identities = Table(
    "identities",
    metadata,
    Column("id", ID, primary_key=True),
    Column("customer_id", ID, ForeignKey("customers.id"), nullable=False, index=True),
    Column("inbox_id", ID, ForeignKey("inboxes.id"), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("verified", Boolean, nullable=False),
    UniqueConstraint("inbox_id", "external_id"),
    info=_info("customer_id", "until erased"),
)

customer_sessions = Table(
    "customer_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("identity_id", ID, nullable=False),
    Column("customer_id", ID, ForeignKey("customers.id"), nullable=False, index=True),
    Column("inbox_id", ID, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("locale", String(20), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # Where the visitor last came from, as a keyed hash: tries are counted by it, nobody reads it.
    Column("address_hash", String(64)),
    info=_info("customer_id", "30 days after the last use", ("expires_at", timedelta(0))),
)

teams = Table(
    "teams",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", JSON, nullable=False),
    info=_info(None, "as long as the team exists"),
)

agents = Table(
    "agents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(320), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("presence", String(20), nullable=False),
    Column("seen_at", UtcDateTime),
    Column("assigned_at", UtcDateTime),
    Column("capacity", Integer, nullable=False),
    Column("locale", String(20), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("skills", JSON(none_as_null=True)),
    Column("presence_at", UtcDateTime),
    info=_info(None, "as long as the account exists"),
)

agent_teams = Table(
    "agent_teams",
    metadata,
    Column("agent_id", ID, ForeignKey("agents.id"), primary_key=True),
    Column("team_id", ID, ForeignKey("teams.id"), primary_key=True),
    info=_info(None, "as long as the account exists"),
)

agent_sessions = Table(
    "agent_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("agent_id", ID, ForeignKey("agents.id"), nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
    info=_info(None, "12 hours", ("expires_at", timedelta(0))),
)

# The bot owes an answer. Who asks for it says it in these words: only then the index is known to hold the answer.
UNANSWERED = "owner_type = 'bot' AND status = 'open' AND last_customer_seq > bot_seq"
conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("customer_id", ID, ForeignKey("customers.id"), nullable=False, index=True),
    Column("inbox_id", ID, ForeignKey("inboxes.id"), nullable=False),
    Column("status", String(20), nullable=False),
    Column("owner_type", String(20), nullable=False),
    Column("owner_id", ID),
    Column("owner_name", String(200)),
    Column("epoch", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_public_seq", Integer, nullable=False),
    Column("prev_public_seq", Integer, nullable=False),
    Column("last_customer_seq", Integer, nullable=False),
    Column("bot_seq", Integer, nullable=False),
    Column("known_seq", Integer, nullable=False),
    Column("turn_no", Integer, nullable=False),
    Column("locale", String(20), nullable=False),
    Column("priority", String(20), nullable=False),
    Column("priority_rank", Integer, nullable=False),
    Column("team_id", ID, ForeignKey("teams.id")),
    Column("handoff_id", ID),
    Column("waiting_since", UtcDateTime),
    Column("slots", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("last_message", JSON),
    Column("read_seq", Integer, nullable=False),
    Column("customer_read_seq", Integer, nullable=False),
    Column("previous_id", ID),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("human_since", UtcDateTime),
    Column("queue_due_at", UtcDateTime),
    Column("awaiting_since", UtcDateTime),
    Column("responded_at", UtcDateTime),
    # A customer has at most one conversation that is not resolved.
    Index(
        "uq_conversations_open",
        "customer_id",
        unique=True,
        sqlite_where=text("status != 'resolved'"),
        postgresql_where=text("status != 'resolved'"),
    ),
    Index("ix_conversations_owner", "owner_type", "owner_id", "updated_at"),
    Index("ix_conversations_updated", "updated_at"),
    # The sweep's question, every second: which bot-owned ones still wait for an answer. Nearly always empty.
    Index(
        "ix_conversations_unanswered",
        # With these two first SQLite prefers it to the index of owners, which holds every conversation there ever was.
        "owner_type",
        "status",
        "last_customer_seq",
        sqlite_where=text(UNANSWERED),
        postgresql_where=text(UNANSWERED),
    ),
    info=_info("customer_id", "until erased"),
)

messages = Table(
    "messages",
    metadata,
    Column("conversation_id", ID, ForeignKey("conversations.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("prev_public", Integer, nullable=False),
    Column("sender", String(20), nullable=False),
    Column("sender_id", ID),
    Column("name", String(200)),
    Column("content", JSON, nullable=False),
    Column("kind", String(20)),
    Column("client_id", String(100)),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("conversation_id", "client_id"),
    info=_info("conversation", "until erased"),
)

bot_turns = Table(
    "bot_turns",
    metadata,
    Column("conversation_id", ID, ForeignKey("conversations.id"), primary_key=True),
    Column("turn_no", Integer, primary_key=True),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("claim", String(64), nullable=False),
    Column("claimed_until", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("parse_data", JSON),
    Column("intent", String(100)),
    Column("confidence", JSON),
    Column("ranking", JSON),
    Column("entities", JSON),
    Column("mood", JSON),
    Column("signals", JSON),
    Column("took_ms", Integer),
    Column("process", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # One turn of a conversation at a time.
    Index(
        "uq_bot_turns_running",
        "conversation_id",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    info=_info("conversation", "until erased"),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False, index=True),
    Column("customer_id", ID, nullable=False, index=True),
    Column("reason", String(50), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("signals", JSON, nullable=False),
    Column("summary", Text, nullable=False),
    Column("slots", JSON, nullable=False),
    Column("team_id", ID, nullable=False),
    Column("priority", String(20), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("accepted_by", ID),
    Column("accepted_name", String(200)),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(50)),
    Column("asked", JSON, nullable=False),
    Column("ringing", ID),
    Column("ring_until", UtcDateTime),
    Column("needs", JSON(none_as_null=True)),
    Column("told", JSON(none_as_null=True)),
    Column("pickup_seconds", Float),
    # The wait is told from those that ended last.
    Index("ix_handoffs_ended", "ended_at"),
    info=_info("customer_id", "until erased"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("number", String(30), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("customer_id", ID, ForeignKey("customers.id"), nullable=False, index=True),
    Column("conversation_id", ID),
    Column("order_number", String(50)),
    Column("summary", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("effect", JSON(none_as_null=True)),
    Column("team_id", ID),
    Column("agent_id", ID),
    Column("due_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("subject", String(200)),
    # What is being dealt with is not opened a second time, whatever its key.
    Index(
        "uq_cases_live",
        "subject",
        unique=True,
        sqlite_where=text("status IN ('open', 'in_progress')"),
        postgresql_where=text("status IN ('open', 'in_progress')"),
    ),
    info=_info("customer_id", "until erased"),
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("case_id", ID, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("kind", String(50), nullable=False),
    Column("data", JSON, nullable=False),
    info=_info("case", "until erased"),
)

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("last", Integer, nullable=False),
    info=_info(None, "for good: numbers are never used twice"),
)

order_grants = Table(
    "order_grants",
    metadata,
    Column("conversation_id", ID, ForeignKey("conversations.id"), primary_key=True),
    Column("order_number", String(50), primary_key=True),
    Column("customer_id", ID, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    info=_info("customer_id", "until erased"),
)

answers = Table(
    "answers",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("customer_id", ID, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    info=_info("customer_id", "24 hours", ("created_at", timedelta(hours=24))),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("data", JSON, nullable=False),
    info=_info(None, "2 years; holds ids only, never words", ("at", timedelta(days=730))),
)

sla_events = Table(
    "sla_events",
    metadata,
    # What names the clock and its level: each happens once, whichever gateway sees it first.
    Column("conversation_id", ID, ForeignKey("conversations.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("level", String(20), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("team_id", ID),
    Column("agent_id", ID),
    info=_info("conversation", "until erased"),
)

house_rules = Table(
    "house_rules",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(100), nullable=False),
    info=_info(None, "as long as the rule holds"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("customer_id", ID, nullable=False, index=True),
    Column("inbox_id", ID, ForeignKey("inboxes.id"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claim", String(64)),
    Column("error", String(200)),
    Column("network_id", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("conversation_id", "seq"),
    # What is to be sent, asked for every second, and what a human must look at.
    Index(
        "ix_outbox_pending",
        "due_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_outbox_state", "state", "finished_at"),
    info=_info("customer_id", "30 days after it was sent, 90 days after it was given up"),
)

faq_entries = Table(
    "faq_entries",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("category", String(50), nullable=False),
    Column("status", String(20), nullable=False),
    Column("phrasings", JSON, nullable=False),
    Column("answer", JSON, nullable=False),
    # Larger than any before at each change: what an editor must have seen, and what the search process follows.
    Column("revision", Integer, nullable=False, index=True),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(100), nullable=False),
    info=_info(None, "as long as the entry exists"),
)

# What customers asked the knowledge base, masked, with nothing that leads to who asked: not even the minute.
faq_searches = Table(
    "faq_searches",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("hour", UtcDateTime, nullable=False, index=True),
    Column("text", String(200), nullable=False),
    Column("text_hash", String(64), nullable=False, index=True),
    Column("outcome", String(20), nullable=False),
    Column("entry_id", String(100)),
    Column("score", Float),
    Column("locale", String(20), nullable=False),
    # The draft that was made of it, so that nobody is asked to write it twice.
    Column("draft_id", String(100)),
    info=_info(None, "90 days", ("hour", timedelta(days=90))),
)
