"""What comes in on a WebSocket, one message at a time.

Takes the place of Sanic's assembler, which keeps three events, three queues and two locks for every idle connection and makes two
tasks for every frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from sanic.exceptions import WebsocketClosed
from sanic.server.websockets.frame import WebsocketFrameAssembler
from sanic.server.websockets.impl import CLOSED, WebsocketImplProtocol
from websockets.frames import CTRL_OPCODES, Frame


class Frames(WebsocketFrameAssembler):
    """The messages of one connection, for one task that reads them with `get` or `async for`. Nothing of Sanic's own state is made.

    While a message waits to be read nothing more is taken from the network. When the other side ends the connection, a
    task that waits here is cancelled.
    """

    __slots__ = ("_parts", "_reader", "_whole", "_writer", "_ws")

    def __init__(self, ws: WebsocketImplProtocol) -> None:
        self._ws = ws
        self._parts: list[bytes] = []
        self._whole: bytes | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        ws.assembler = self

    async def put(self, frame: Frame) -> None:
        """Sanic's side, called for one frame after the other: returns when the message has been read that this frame ends."""
        self._ws.pings.clear()  # who sends anything is there: he need not say so once more
        if frame.opcode in CTRL_OPCODES:
            return
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return
        self._whole, self._parts = b"".join(self._parts), []
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
        else:
            self._ws.pause_frames()  # type: ignore[no-untyped-call]
        self._writer = asyncio.get_running_loop().create_future()
        await self._writer

    def get(self, timeout: float | None = None) -> Coroutine[Any, Any, bytes | None]:
        """The next message, text as its UTF-8; None when `timeout` seconds have passed. Raises WebsocketClosed."""
        return self._next(timeout)

    async def _next(self, seconds: float | None) -> bytes | None:
        if self._ws.ws_proto.state is CLOSED:
            raise WebsocketClosed("nothing more comes")
        try:
            async with asyncio.timeout(seconds):
                while self._whole is None:
                    await self._arrival()
        except TimeoutError:
            return None
        whole, self._whole = self._whole, None
        if self._ws.pause_frame_fut is not None:
            self._ws.resume_frames()  # type: ignore[no-untyped-call]
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)
        return whole

    async def _arrival(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        self._ws.recv_cancel = asyncio.current_task()  # all that Sanic does with it is to cancel it
        try:
            await self._reader
        finally:
            self._reader = self._ws.recv_cancel = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (whole := await self.get()) is not None:
            yield whole
