"""Pings for all WebSockets of this gateway from one task. Sanic's own would be a task and a timer for each: 6 KB of every idle customer."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.protocol import OPEN

log = logging.getLogger(__name__)

# A socket that sends nothing from one ping to the next is gone. Each second another part of them is asked.
PING_SECONDS = 25
_PING = b"kefu"
_GONE = 1011


class Heartbeat:
    """Who is to be asked when."""

    def __init__(self) -> None:
        self._turns: list[set[WebsocketImplProtocol]] = [set() for _ in range(PING_SECONDS)]
        self._next = itertools.cycle(self._turns)
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, ws: WebsocketImplProtocol) -> Iterator[None]:
        """Ask this socket for as long as the context lasts."""
        turn = next(self._next)
        turn.add(ws)
        try:
            yield
        finally:
            turn.discard(ws)

    def start(self) -> None:
        """Begin. Must run in the event loop."""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        for turn in itertools.cycle(self._turns):
            await asyncio.sleep(1)
            for ws in tuple(turn):
                try:
                    ask(ws)
                except Exception:  # of one connection; the others must be asked
                    log.exception("a ping")


def ask(ws: WebsocketImplProtocol) -> None:
    """Ping a socket, or end it when it has sent nothing since the last ping. Any frame is an answer."""
    if ws.ws_proto.state is not OPEN or ws.io_proto is None or ws.io_proto.transport is None:
        return
    if _PING in ws.pings:
        if ws.pause_frame_fut is not None:  # a message waits for us; his answer may lie behind it
            return
        log.debug("a socket does not answer")
        ws.fail_connection(_GONE)
        return
    ws.pings[_PING] = asyncio.get_running_loop().create_future()  # the pong takes it out, or `Frames`
    ws.ws_proto.send_ping(_PING)
    for data in ws.ws_proto.data_to_send():
        ws.io_proto.transport.write(data)
