"""One reader of one conversation: what the hub told him, and the log for what it did not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from handoff.domain.conversation import Conversation
from handoff.domain.message import Message
from handoff.services.facts import Change, Place, Receipt, Typing

# What one reader may have waiting in memory; beyond it he reads the log at his own pace.
BACKLOG = 200
PAGE = 200
# What passes (typing, places, receipts, owners) and may wait for one reader.
MOST_PASSING = 50

Item = Message | Conversation | Typing | Place | Receipt
ReadAfter = Callable[[int, int], Awaitable[list[Message]]]


class _Bell:
    """An event that its waiter clears; asyncio's is 700 bytes, and every idle customer has one."""

    __slots__ = ("_rung", "_waiter")

    def __init__(self) -> None:
        self._rung = True
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Let the waiter go on, now or when he comes."""
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until it has rung since the last time."""
        if not self._rung:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._rung = False


class Subscription:
    """One reader of one conversation. Ten thousand of them wait here for nothing, so empty ones are small: lists, no deques."""

    __slots__ = ("_behind", "_bell", "_messages", "_others", "_stopped")

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._others: list[Conversation | Typing | Place | Receipt] = []
        self._behind = True
        self._stopped = False
        self._bell = _Bell()

    def push(self, change: Change) -> None:
        """New facts."""
        if len(self._messages) + len(change.messages) > BACKLOG:
            self._messages.clear()
            self._behind = True
        else:
            self._messages.extend(change.messages)
        if change.owner_changed:
            self._others.append(change.conversation)
        self._bell.ring()

    def tell(self, item: Typing | Place | Receipt) -> None:
        """Something passing; of much only the newest."""
        del self._others[: -MOST_PASSING + 1]
        self._others.append(item)
        self._bell.ring()

    def fall_behind(self) -> None:
        """Make the reader look at the log."""
        self._behind = True
        self._bell.ring()

    def stop(self) -> None:
        """Let `items` end: the reader goes elsewhere."""
        self._stopped = True
        self._bell.ring()

    async def items(self, after: int, read: ReadAfter, *, private: bool) -> AsyncIterator[Item]:
        """All that comes after the cursor `after`, without gaps or repeats, then what follows, until `stop`."""
        cursor = after
        while True:
            await self._bell.wait()
            if self._stopped:
                return
            while self._behind:
                self._behind = False
                page = await read(cursor, PAGE)
                for message in page:
                    cursor = message.seq
                    yield message
                self._behind = self._behind or len(page) == PAGE
            while self._messages:
                message = self._messages.pop(0)
                if message.seq <= cursor or (message.private and not private):
                    continue
                before = message.seq - 1 if private else message.prev_public
                if before > cursor:
                    self.fall_behind()
                    break
                cursor = message.seq
                yield message
            while self._others and not self._messages:  # what came while the reader was busy: words first
                yield self._others.pop(0)
