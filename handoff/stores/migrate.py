"""Brings a database to the newest revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine

from handoff.stores.engines import normal_url, sqlite_engine


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> None:
    """Run all revisions that the database lacks, in one transaction."""
    url = normal_url(url)
    engine = sqlite_engine(url, writer=True) if url.startswith("sqlite") else create_engine(url)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")
    engine.dispose()


def make_revision(url: str, message: str) -> None:
    """Write a new revision file with what the schema has and the database lacks (for developers)."""
    engine = create_engine(normal_url(url))
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True)
    engine.dispose()
