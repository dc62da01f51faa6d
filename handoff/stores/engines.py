"""SQLAlchemy's engines as we set them up: durable, with one encoding of JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

BUSY_TIMEOUT_MS = 5000
POSTGRES_POOL = 10
SQLITE_READERS = 2
# To ask costs as much as a short transaction. What breaks within this time fails one transaction, and all older connections go with it.
TRUSTED_SECONDS = 2.0


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half a character, a number of more than 64 bits, or a key that is no text
        return json.dumps(value)


def _from_json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # what only the other one writes
        return json.loads(text)


# Of every engine.
ENCODING: dict[str, Any] = {"json_serializer": _json, "json_deserializer": _from_json}


def sqlite_engine(url: str, *, writer: bool) -> Engine:
    """An engine with durable settings; the writer's transactions begin with the write lock."""
    engine = create_engine(
        url,
        **ENCODING,
        pool_size=1 if writer else SQLITE_READERS,
        hide_parameters=True,  # errors are logged, what people wrote is not
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-32000")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver would begin lazily and upgrade later, which fails when another writer came between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def postgres_engine(url: str) -> Engine:
    """An engine with a pool of connections, each asked whether it is still there when it was idle for longer than TRUSTED_SECONDS."""
    engine = create_engine(
        url,
        **ENCODING,
        hide_parameters=True,
        pool_size=POSTGRES_POOL,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
    )

    @event.listens_for(engine, "connect")
    @event.listens_for(engine, "checkin")
    def _used(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info["used"] <= TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error

    return engine


def normal_url(url: str) -> str:
    """The address with the driver that we ship, whatever spelling it came in."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
