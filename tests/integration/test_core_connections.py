"""Connections to PostgreSQL that break while nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from handoff.domain.errors import Unavailable
from handoff.services.ports import Transaction
from handoff.stores import engines
from handoff.stores.database import PostgresStore, open_store

pytestmark = pytest.mark.postgres


@pytest.fixture
def store(migrated_postgres_url: str) -> Iterator[PostgresStore]:
    opened = open_store(migrated_postgres_url)
    assert isinstance(opened, PostgresStore)
    yield opened
    opened.close()


def look(tx: Transaction) -> int:
    return len(tx.customers.inboxes())


def break_connections(url: str) -> None:
    """As a restart of the server or a proxy that drops what is idle does."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


async def test_that_a_connection_that_broke_while_idle_fails_nobody(
    store: PostgresStore, migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await store.read(look)
    break_connections(migrated_postgres_url)
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", -1.0)
    assert await store.read(look) == found


async def test_that_one_that_broke_a_moment_after_its_use_fails_one_at_most(
    store: PostgresStore, migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", 600.0)
    found = await store.read(look)
    break_connections(migrated_postgres_url)
    with pytest.raises(Unavailable):
        await store.read(look)
    assert await store.read(look) == found


async def test_that_a_connection_in_use_is_not_asked_before_each_transaction(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ping(connection: object) -> bool:
        asked.append(connection)
        return True

    monkeypatch.setattr(engines, "TRUSTED_SECONDS", 600.0)
    monkeypatch.setattr(store._engine.dialect, "do_ping", ping)
    for _ in range(3):
        await store.read(look)
    assert asked == []
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", -1.0)
    await store.read(look)
    assert len(asked) == 1
