"""Runs units of work as transactions: SQLite with one writer and group commit, PostgreSQL with a pool.

A unit of work is a plain function of a transaction. On SQLite all writes go through one thread that takes whatever waits, runs each
in a savepoint and commits them together: one fsync for many messages, and an answer only after it. On PostgreSQL each
unit is a transaction of its own; the server groups their commits.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from handoff.domain.errors import Unavailable
from handoff.services.ports import Transaction
from handoff.stores.engines import POSTGRES_POOL, SQLITE_READERS, normal_url, postgres_engine, sqlite_engine
from handoff.stores.failures import closed, translate, unavailable
from handoff.stores.sqlite_file import OpenFile
from handoff.stores.transaction import SqlTransaction

T = TypeVar("T")

# More units in one commit only lengthen the wait of the first: 64 of 0.3 ms are 20 ms.
GROUP = 64
# Deadlock and serialisation failures of PostgreSQL: the transaction did nothing and may simply run again. So does one that
# lost the race for a unique key: run again, it sees the winner's row.
_RETRY_STATES = {"40001", "40P01", "23505"}


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
            raise closed()
        job = _Job(work, asyncio.get_running_loop())
        self._jobs.put(job)
        # A caller who is cancelled meanwhile hears that and nothing else; the unit is done all the same.
        return cast(T, await job.future)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        if not self._open:
            raise closed()
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
        self._engine = postgres_engine(url)
        self._threads = ThreadPoolExecutor(POSTGRES_POOL, "postgres")

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See Store."""
        loop = asyncio.get_running_loop()
        try:
            future: Future[T] = self._threads.submit(self._attempt, work)
        except RuntimeError:  # shut down
            raise closed() from None
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


def open_store(url: str) -> SqliteStore | PostgresStore:
    """The store for a SQLAlchemy address."""
    url = normal_url(url)
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)
