"""A WebSocket without a network: Sanic's own side and a client's, each given at once what the other writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from handoff.settings import Settings
from handoff.web.customer_socket import CustomerSocket
from tests.fakes.core_house import House, Visitor

PATIENCE = 10.0


class Line:
    """`ws` is what a handler of ours is given; the rest is what its client does and hears. It is its own transport."""

    def __init__(self) -> None:
        self.ws = WebsocketImplProtocol(ServerProtocol(state=OPEN), ping_interval=None)
        self._client = ClientProtocol(parse_uri("ws://line.test/"), state=OPEN)
        self._news = asyncio.Event()
        self.heard: list[Frame] = []
        self.closed = False
        self.held_back = asyncio.Event()
        """Whether the gateway takes nothing; nothing is under way that this would stop."""

    async def open(self) -> None:
        io_proto: Any = SimpleNamespace(transport=self, send=self._carry, close=self.close, loop=None)
        await self.ws.connection_made(io_proto, asyncio.get_running_loop())

    def say(self, **frame: Any) -> None:
        """The client sends a frame of ours."""
        self._client.send_text(json.dumps(frame).encode())
        self._flush()

    def hang_up(self) -> None:
        """The client ends it, if it has not ended."""
        if self._client.state is OPEN:
            self._client.send_close(1000)
            self._flush()

    def _flush(self) -> None:
        for data in self._client.data_to_send():
            if data:
                self.ws.data_received(data)

    async def until(self, kind: str) -> dict[str, Any]:
        """The next frame of this type; what came before it is dropped."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self.heard:
                    one = self.heard.pop(0)
                    frame: dict[str, Any] = json.loads(one.data) if one.opcode is Opcode.TEXT else {}
                    if frame.get("type") == kind:
                        return frame
                self._news.clear()
                await self._news.wait()

    async def _carry(self, data: bytes) -> None:
        self.write(data)

    # What a transport does.

    def write(self, data: bytes) -> None:
        self._client.receive_data(data)
        self.heard += [event for event in self._client.events_received() if isinstance(event, Frame)]
        self._news.set()
        self._flush()

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.held_back.set()

    def resume_reading(self) -> None:
        self.held_back.clear()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.ws.connection_lost(None)

    abort = close


@asynccontextmanager
async def connected(house: House, settings: Settings, visitor: Visitor, after: int = 0) -> AsyncIterator[Line]:
    """A customer on a line, whose first frame is on its way. He hangs up at the end, and is served without a failure till then."""
    line = Line()
    await line.open()
    serving = asyncio.create_task(CustomerSocket(line.ws, house.services, settings).run(None))
    try:
        line.say(type="auth", token=visitor.token, after=after)
        yield line
        line.hang_up()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([serving])
        if not serving.cancelled():  # as Sanic ends who waits for a frame
            serving.result()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        line.close()
