"""Pings of idle sockets: who gives no sign of life is let go."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from handoff.web.frames import Frames
from handoff.web.heartbeat import PING_SECONDS, Heartbeat, ask
from tests.fakes.line import Line

PING = 0x89  # the last frame, a ping


class Socket(WebsocketImplProtocol):
    """Sanic's own, over a transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(ServerProtocol(state=OPEN))
        self.written: list[bytes] = []
        self.io_proto = SimpleNamespace(transport=SimpleNamespace(write=self.written.append))
        self.failed: list[int] = []

    def fail_connection(self, code: int = 1006, reason: str = "") -> bool:
        self.failed.append(code)
        return True


async def test_that_who_answers_is_asked_again_and_who_does_not_is_let_go() -> None:
    socket: Any = Socket()
    ask(socket)
    assert [data[0] for data in socket.written] == [PING]
    await socket.process_pong(Frame(Opcode.PONG, socket.written[0][2:]))
    ask(socket)
    assert [data[0] for data in socket.written] == [PING, PING]
    assert socket.failed == []
    ask(socket)
    assert (len(socket.written), socket.failed) == (2, [1011])


async def test_that_any_frame_shows_that_somebody_is_there() -> None:
    socket: Any = Socket()
    frames = Frames(socket)
    for number in range(3):
        ask(socket)
        said = asyncio.create_task(frames.put(Frame(Opcode.TEXT, b"%d" % number)))
        assert await frames.get() == b"%d" % number
        await said
    assert len(socket.written) == 3
    assert socket.failed == []


async def test_that_nobody_is_let_go_whose_answer_lies_behind_what_we_have_not_read() -> None:
    line = Line()
    await line.open()
    frames = Frames(line.ws)
    assert frames is line.ws.assembler
    line.say(type="message")  # which nobody reads yet
    await line.held_back.wait()
    for _ in range(3):
        ask(line.ws)
        await asyncio.sleep(0)
    assert [frame.opcode for frame in line.heard] == [Opcode.PING], "asked once, and answered"
    [answer] = line.ws.pings.values()
    assert not answer.done(), "but the answer waits"
    assert await frames.get() == b'{"type": "message"}'
    await asyncio.wait_for(answer, 10)
    ask(line.ws)
    assert [frame.opcode for frame in line.heard] == [Opcode.PING, Opcode.PING]
    line.close()


def test_that_a_socket_that_has_gone_is_left_alone() -> None:
    socket: Any = Socket()
    socket.io_proto = None
    ask(socket)
    assert (socket.written, socket.failed) == ([], [])


def test_that_sockets_are_spread_over_the_seconds() -> None:
    heartbeat = Heartbeat()
    sockets: list[Any] = [Socket() for _ in range(2 * PING_SECONDS)]
    contexts = [heartbeat.of(socket) for socket in sockets]
    for context in contexts:
        context.__enter__()
    assert {len(turn) for turn in heartbeat._turns} == {2}
    for context in contexts:
        context.__exit__(None, None, None)
    assert {len(turn) for turn in heartbeat._turns} == {0}
