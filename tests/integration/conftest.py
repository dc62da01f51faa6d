"""The core on real databases: every test that asks for `store` or `house` runs on SQLite and, marked, on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from handoff.stores.database import PostgresStore, SqliteStore, open_store
from handoff.stores.migrate import upgrade
from handoff.stores.schema import metadata
from tests.fakes.core_house import House
from tests.fixtures.gateway import House as RunningGateway
from tests.fixtures.gateway import running_house
from tests.fixtures.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL of this session."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_url: str) -> str:
    """The same, with our tables."""
    upgrade(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "kefu.db"
    upgrade(f"sqlite:///{path}")
    return path


def _empty(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "kefu.db")
        return f"sqlite:///{tmp_path / 'kefu.db'}"
    url: str = request.getfixturevalue("migrated_postgres_url")
    _empty(url)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[SqliteStore | PostgresStore]:
    """A store on it."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
async def house(store: SqliteStore | PostgresStore) -> House:
    """The use cases over it, with nobody at the desks yet."""
    made = House(store)
    await made.open()
    return made


@pytest.fixture(scope="session")
def gateway() -> Iterator[RunningGateway]:
    """A gateway as a process, with redis and the shop, a fake Rasa and a fake FAQ process; the same for the whole session."""
    with running_house() as house:
        yield house
        assert house.rasa.violations == []
        assert house.faq.violations == []
        assert house.leaks() == []
