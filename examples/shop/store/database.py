"""One SQLite connection on one thread: work is queued, so two writes never race."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from examples.shop.store.schema import SCHEMA_VERSION, STATEMENTS

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class WrongSchema(Exception):
    """The file was made by another version of the shop."""


class Database:
    """`read` and `write` run a function with the connection; `write` in one transaction that an exception undoes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shop-sqlite")
        self._connection: sqlite3.Connection | None = None

    async def open(self, seed: Work[None]) -> None:
        """Connect; a new file gets the tables and the seed in one transaction. Raises WrongSchema."""
        await self._run(lambda: self._open(seed))

    async def close(self) -> None:
        await self._run(self._close)
        self._thread.shutdown()

    async def read(self, work: Work[T]) -> T:
        return await self._run(lambda: work(self._connected()))

    async def write(self, work: Work[T]) -> T:
        return await self._run(lambda: in_transaction(self._connected(), work))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the database is not open")
        return self._connection

    def _open(self, seed: Work[None]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 5000"):
            connection.execute(f"PRAGMA {pragma}")

        def prepare(connection: sqlite3.Connection) -> None:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == SCHEMA_VERSION:
                return
            if version != 0:
                raise WrongSchema(f"{self._path} has schema {version}, not {SCHEMA_VERSION}: remove the file")
            for statement in STATEMENTS:
                connection.execute(statement)
            seed(connection)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

        try:
            in_transaction(connection, prepare)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def in_transaction(connection: sqlite3.Connection, work: Work[T]) -> T:
    # IMMEDIATE: what is checked first is still true when it is written.
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result
