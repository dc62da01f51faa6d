"""From the first tables to routing and service levels, with people in the middle of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text

from handoff.stores.database import open_store
from handoff.stores.engines import sqlite_engine
from handoff.stores.migrate import _config, upgrade

AT = "2026-11-20 04:00:00"
EARLIER = "2026-11-20 03:30:00"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    url: str = request.getfixturevalue("postgres_url")
    name = "kefu_migration"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    made = engine.url.set(database=name).render_as_string(hide_password=False)
    engine.dispose()
    return made


def put(connection: Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608 (our own names)


def conversation(connection: Connection, id: str, owner_type: str, **values: Any) -> None:
    zeros = dict.fromkeys(
        ("last_seq", "last_public_seq", "prev_public_seq", "last_customer_seq", "bot_seq", "known_seq", "turn_no",
         "priority_rank", "read_seq", "customer_read_seq"), 0)  # fmt: skip
    put(connection, "customers", id=f"of-{id}", vip=False, created_at=AT)
    given: dict[str, Any] = {"status": "open", "epoch": 2, "locale": "zh-Hans", "priority": "normal", **zeros, **values}
    put(
        connection, "conversations", id=id, customer_id=f"of-{id}", inbox_id="web", owner_type=owner_type,
        slots="{}", facts="{}", created_at=AT, updated_at=AT, **given,
    )  # fmt: skip


def people_in_the_middle_of_it(connection: Connection) -> None:
    put(connection, "inboxes", id="web", kind="web", name="Shop", origins="[]")
    put(connection, "teams", id="after_sales", name=json.dumps({"zh": "售后", "en": "After-sales"}))
    put(connection, "agents", id="a", name="小王", email="a@kefu.test", password_hash="x", role="agent", presence="online",
        capacity=5, locale="zh-Hans", languages='["zh"]', active=True)  # fmt: skip
    put(connection, "agent_teams", agent_id="a", team_id="after_sales")
    conversation(connection, "bots", "bot")
    conversation(connection, "waits", "queue", team_id="after_sales", handoff_id="h1", waiting_since=AT)
    conversation(connection, "waited", "queue", team_id="after_sales", handoff_id="h0", waiting_since=EARLIER)
    conversation(connection, "talks", "agent", owner_id="a", owner_name="小王", team_id="after_sales", handoff_id="h2")
    for id, of, accepted in (("h0", "waited", None), ("h1", "waits", None), ("h2", "talks", AT)):
        put(connection, "handoffs", id=id, conversation_id=of, customer_id=f"of-{of}", reason="asked_for_human", reasons="[]",
            signals="[]", summary="", slots="{}", team_id="after_sales", priority="normal", requested_at=EARLIER,
            accepted_at=accepted, accepted_by="a" if accepted else None, asked="[]")  # fmt: skip


async def test_that_people_in_the_middle_of_it_keep_their_places_and_get_promises(old_url: str) -> None:
    sqlite = old_url.startswith("sqlite")
    engine = sqlite_engine(old_url, writer=True) if sqlite else create_engine(old_url)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0001")
    with engine.begin() as connection:
        people_in_the_middle_of_it(connection)
    engine.dispose()
    upgrade(old_url)
    store = open_store(old_url)
    early, late = datetime(2026, 11, 20, 3, 30, tzinfo=UTC), datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    try:
        waiting = await store.read(lambda tx: tx.conversations.waiting())
        assert [(c.id, c.human_since, c.queue_due_at, c.awaiting_since) for c in waiting] == [
            ("waited", early, early, early), ("waits", late, late, late),
        ]  # fmt: skip
        talks, bots = [await store.read(lambda tx, id=id: tx.conversations.get(id)) for id in ("talks", "bots")]  # type: ignore[misc]
        assert talks is not None
        assert (talks.human_since, talks.responded_at, talks.awaiting_since) == (early, late, None)
        assert bots is not None
        assert bots.human_since is None
        agent = await store.read(lambda tx: tx.agents.get("a", late))  # type: ignore[arg-type]
        assert agent is not None
        assert (agent.skills, agent.capacity) == ((), 5)
        [handoff] = await store.read(lambda tx: tx.handoffs.of("waits"))  # type: ignore[arg-type]
        assert (handoff.needs, handoff.told, handoff.pickup_seconds) == ([], None, None)
        assert [h.id for h, _ in await store.read(lambda tx: tx.handoffs.open())] == ["h0", "h1"]
    finally:
        store.close()
