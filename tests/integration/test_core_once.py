"""The note of a verb that is done once: in the verb's own transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from handoff.services.ports import Transaction
from handoff.stores.database import PostgresStore, SqliteStore
from handoff.web.once import UNDER_WAY, NotingStore

Store = SqliteStore | PostgresStore


NOW = datetime(2026, 11, 22, tzinfo=UTC)


def note(tx: Transaction) -> None:
    tx.records.keep_answer("agent:a", "key", "digest", UNDER_WAY, None, NOW)


async def noted(store: Store) -> Any:
    return await store.read(lambda tx: tx.records.answer("agent:a", "key"))


async def test_that_the_note_is_made_with_the_deed_and_once(store: Store) -> None:
    noting = NotingStore(store, note)
    assert await noting.read(lambda tx: tx.records.answer("agent:a", "key")) is None
    await noting.write(lambda tx: tx.rules.save("deed", {"done": 1}, NOW, "a"))
    assert await noted(store) == ("digest", {})
    await noting.write(lambda tx: tx.rules.save("deed", {"done": 2}, NOW, "a"))  # would break on a second note
    assert await noted(store) == ("digest", {})


async def test_that_a_deed_that_fails_leaves_no_note_and_a_note_that_fails_no_deed(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        tx.rules.save("deed", {"done": 1}, NOW, "a")
        raise LookupError

    with pytest.raises(LookupError):
        await NotingStore(store, note).write(fails)
    assert await noted(store) is None
    with pytest.raises(LookupError):
        await NotingStore(store, fails).write(lambda tx: tx.rules.save("deed", {"done": 2}, NOW, "a"))
    assert await store.read(lambda tx: tx.rules.all()) == {}
