"""Runs units of work as transactions: SQLite with one writer and group commit, PostgreSQL with a pool.

A unit of work is a plain function of a transaction. On SQLite all writes go through one thread that takes whatever waits, runs each
in a savepoint and commits them together: one fsync for many messages, and an answer only after it. On PostgreSQL each
unit is a transaction of its own; the server groups their commits.
"""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, InterfaceError, OperationalError

from handoff.domain.errors import BadRequest, Unavailable
from handoff.services.ports import Transaction
from handoff.stores.sqlite_file import OpenFile
from handoff.stores.transaction import SqlTransaction

T = TypeVar("T")
log = logging.getLogger(__name__)

# More units in one commit only lengthen the wait of the first: 64 of 0.3 ms are 20 ms.
GROUP = 64
BUSY_TIMEOUT_MS = 5000
POSTGRES_POOL = 10
SQLITE_READERS = 2
# Deadlock and serialisation failures of PostgreSQL: the transaction did nothing and may simply run again. So does one that
# lost the race for a unique key: run again, it sees the winner's row.
_RETRY_STATES = {"40001", "40P01", "23505"}


def unavailable(error: BaseException) -> Unavailable:
    """The caller's view of a database that is locked, full or gone."""
    log.error("database: %s", (str(getattr(error, "orig", error)).splitlines() or [repr(error)])[0])
    return Unavailable("database_unavailable", "the database does not answer; nothing was changed")


def translate(error: Exception) -> Exception:
    """What the caller of a unit is told of an error in it: the database's own failings are Unavailable, values that no
    database holds (a NUL, half a surrogate pair, a number of 30 digits) a BadRequest, all else is the unit's own."""
    if isinstance(error, DataError | UnicodeError | OverflowError):
        return BadRequest("a value that cannot be stored")
    # The plain DatabaseError is a file that is broken or none; its other children are errors of ours.
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        return unavailable(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return unavailable(error)
    return error


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


def _closed() -> Unavailable:
    return Unavailable("database_unavailable", "the database is closed")


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


class _Job:
    __slots__ = ("future", "loop", "work")

    def __init__(self, work: Callable[[Any], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work, self.loop = work, loop
        self.future: asyncio.Future[Any] = loop.create_future()


class SqliteStore:
    """The store on one SQLite file: one writer thread, two reader threads."""

    def __init__(self, url: str) -> None:
        self._writer = sqlite_engine(url, writer=True)
        self._reader = sqlite_engine(url, writer=False)
        self._file = OpenFile(url)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(SQLITE_READERS, "sqlite-read")
        self._open = True
        self._thread = threading.Thread(target=self._write_forever, name="sqlite-write", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        if not self._open:
            raise _closed()
        job = _Job(work, asyncio.get_running_loop())
        self._jobs.put(job)
        # A caller who is cancelled meanwhile hears that and nothing else; the unit is done all the same.
        return cast(T, await job.future)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        if not self._open:
            raise _closed()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Any], T]) -> T:
        self._file.check()
        return _run(self._reader, work)

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        self._open = False
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    def _write_forever(self) -> None:
        last = False
        while not last:
            first = self._jobs.get()
            if first is None:
                return
            group = [first]
            while len(group) < GROUP:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                group.append(job)
            self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        alone = len(group) == 1
        try:
            with self._writer.connect() as connection:
                transaction = connection.begin()
                for job in group:
                    outcomes.append((job, *_in_savepoint(connection, job.work, alone=alone)))
                    # A full disk ends the whole transaction, not only the savepoint, and a commit of nothing succeeds.
                    if not connection.connection.in_transaction:
                        raise outcomes[-1][2] or RuntimeError("the transaction has ended early")
                if alone and outcomes[0][2] is not None:
                    transaction.rollback()
                else:
                    self._file.check()
                    transaction.commit()
        except BaseException as error:  # whatever it was, nothing was committed and every caller must hear of it
            gone = error if isinstance(error, Unavailable) else unavailable(error)
            outcomes = [(job, None, gone) for job in group]
        for loop in {job.loop for job in group}:
            mine = [o for o in outcomes if o[0].loop is loop]
            with suppress(RuntimeError):  # a loop that has ended waits for nothing
                loop.call_soon_threadsafe(_deliver, mine)


def _in_savepoint(
    connection: Connection, work: Callable[[Any], Any], *, alone: bool
) -> tuple[Any, BaseException | None]:
    driver: Any = connection.connection.driver_connection
    # By the driver: SQLAlchemy's savepoints cost more than most units. Alone, the transaction itself is rolled back.
    if not alone:
        driver.execute("SAVEPOINT unit")
    try:
        result = work(SqlTransaction(connection))
    except Exception as error:
        if connection.invalidated:
            raise
        if not alone and driver.in_transaction:
            driver.execute("ROLLBACK TO unit")
            driver.execute("RELEASE unit")
        return None, translate(error)
    if not alone:
        driver.execute("RELEASE unit")
    return result, None


def _deliver(outcomes: list[tuple[_Job, Any, BaseException | None]]) -> None:
    for job, result, error in outcomes:
        if job.future.cancelled():
            continue
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)


def _run(engine: Engine, work: Callable[[Any], T]) -> T:
    try:
        with engine.connect() as connection, connection.begin():
            return work(SqlTransaction(connection))
    except Exception as error:
        told = translate(error)
        raise told from (None if told is error else error)


class PostgresStore:
    """The store on PostgreSQL: a pool of connections, a thread for each."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url,
            **ENCODING,
            hide_parameters=True,
            pool_size=POSTGRES_POOL,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
        )
        self._threads = ThreadPoolExecutor(POSTGRES_POOL, "postgres")

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        loop = asyncio.get_running_loop()
        try:
            future: Future[T] = self._threads.submit(self._attempt, work)
        except RuntimeError:  # shut down
            raise _closed() from None
        return await asyncio.shield(asyncio.wrap_future(future, loop=loop))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        return await self.write(work)

    def _attempt(self, work: Callable[[Any], T]) -> T:
        for last in (False, False, True):
            try:
                with self._engine.begin() as connection:
                    return work(SqlTransaction(connection))
            except Exception as error:
                if not last and getattr(getattr(error, "orig", None), "sqlstate", None) in _RETRY_STATES:
                    continue
                told = translate(error)
                raise told from (None if told is error else error)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Finish what runs and close the connections."""
        self._threads.shutdown()
        self._engine.dispose()


def normal_url(url: str) -> str:
    """The address with the driver that we ship, whatever spelling it came in."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def open_store(url: str) -> SqliteStore | PostgresStore:
    """The store for a SQLAlchemy address."""
    url = normal_url(url)
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)
