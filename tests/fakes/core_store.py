"""A store that counts what it is asked, and lets a test do something in the moment after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from handoff.services.ports import Store, Transaction

T = TypeVar("T")


class CountingStore:
    """Over a real one. `after_next` happens once, when the next unit of work is done and nobody has heard of it yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = self.writes = 0
        self.after_next: Callable[[], Awaitable[None]] | None = None

    async def write(self, work: Callable[[Transaction], T]) -> T:
        self.writes += 1
        return await self._and_then(await self._store.write(work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        return await self._and_then(await self._store.read(work))

    async def _and_then(self, result: T) -> T:
        then, self.after_next = self.after_next, None
        if then is not None:
            await then()
        return result
