"""Entries in SQL."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, insert, update

from faq.store import SqlEntryStore, default_url
from handoff.domain.faq import Entry
from handoff.stores.schema import faq_entries


@pytest.fixture
def engine(var: Path) -> Engine:
    engine = create_engine(default_url(var))
    faq_entries.create(engine)
    return engine


@pytest.fixture
def store(engine: Engine) -> SqlEntryStore:
    return SqlEntryStore(engine)


def entry(id: str, *texts: str) -> Entry:
    return Entry(id, "shipping", {"zh": texts or ("什么时候发货",)}, {"zh": f"{id} 的答案"})


def test_that_seeding_adds_what_is_missing_and_leaves_the_rest(store: SqlEntryStore, engine: Engine) -> None:
    assert store.seed([entry("a"), entry("b")]) == 2
    with engine.begin() as connection:
        connection.execute(update(faq_entries).where(faq_entries.c.id == "a").values(answer={"zh": "改过"}))
    assert store.seed([entry("a"), entry("b"), entry("c")]) == 1
    entries, problems = store.load()
    assert problems == []
    assert {found.id: found.answer["zh"] for found in entries} == {"a": "改过", "b": "b 的答案", "c": "c 的答案"}
    assert store.state().newest == 3


def test_that_only_published_entries_are_loaded(store: SqlEntryStore, engine: Engine) -> None:
    store.seed([entry("a"), entry("b"), entry("c")])
    with engine.begin() as connection:
        for id, status in (("a", "archived"), ("c", "draft")):
            connection.execute(update(faq_entries).where(faq_entries.c.id == id).values(status=status, revision=4))
    assert [found.id for found in store.load()[0]] == ["b"]


def test_that_every_kind_of_change_shows_in_the_state(store: SqlEntryStore, engine: Engine) -> None:
    states = [store.state()]
    store.seed([entry("a"), entry("b")])
    states.append(store.state())
    with engine.begin() as connection:
        connection.execute(update(faq_entries).where(faq_entries.c.id == "a").values(revision=3))
    states.append(store.state())
    with engine.begin() as connection:
        connection.execute(delete(faq_entries).where(faq_entries.c.id == "a"))
    states.append(store.state())
    with engine.begin() as connection:
        connection.execute(delete(faq_entries).where(faq_entries.c.id == "b"))
    store.seed([entry("c", "另一个问题")])
    states.append(store.state())
    assert len(set(states)) == len(states)


def test_that_a_row_that_cannot_be_used_hides_no_other(store: SqlEntryStore, engine: Engine) -> None:
    store.seed([entry("a")])
    with engine.begin() as connection:
        row = {
            "id": "broken",
            "category": "x",
            "status": "published",
            "updated_by": "x",
            "phrasings": {"zh": []},
            "answer": {"zh": "b"},
        }
        connection.execute(insert(faq_entries).values(**row, revision=9, updated_at=datetime.now(UTC)))
    entries, problems = store.load()
    assert [found.id for found in entries] == ["a"]
    assert problems == ["broken: there is no phrasing"]


def test_that_an_empty_table_has_a_state(store: SqlEntryStore) -> None:
    assert store.load() == ([], [])
    assert store.state() == (0, 0, 0)


def test_that_seeding_a_database_without_tables_says_what_to_do(var: Path) -> None:
    done = _faq("seed", var=var)
    assert done.returncode == 1
    assert "python -m handoff migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_that_the_command_seeds_the_shipped_entries_once(var: Path, engine: Engine) -> None:
    assert ", 0 were there" in _faq("seed", var=var).stdout
    assert "faq: 0 entries added" in _faq("seed", var=var).stdout


def test_that_serving_without_a_secret_is_refused(var: Path) -> None:
    done = _faq("serve", var=var)
    assert done.returncode == 1
    assert "KEFU_INTERNAL_SECRET is not set" in done.stderr


def _faq(command: str, *, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "faq", command],
        env={"KEFU_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
