"""An answer that many want and that may be a moment old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `ask` says, asked again only when it is older than `seconds`, and by one at a time."""

    def __init__(
        self, ask: Callable[[], Awaitable[T]], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._seconds, self._clock = ask, seconds, clock
        self._asking = asyncio.Lock()
        self._last: tuple[float, T] | None = None

    async def now(self) -> T:
        """The answer. Who comes while it is asked for waits for it too. Raises what `ask` raises."""
        async with self._asking:
            if self._last is None or self._clock() - self._last[0] > self._seconds:
                found = await self._ask()
                self._last = (self._clock(), found)
            return self._last[1]

    async def now_or_last(self) -> T:
        """The same, but who comes while it is asked for takes the one before, if there is one."""
        if self._asking.locked() and self._last is not None:
            return self._last[1]
        return await self.now()
