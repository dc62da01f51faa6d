"""Pings of idle sockets: who does not answer is let go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from handoff.web.heartbeat import PING_SECONDS, Heartbeat, ask

PING, PONG = 0x89, b"kefu"


class Socket:
    """What `ask` uses of Sanic's."""

    def __init__(self) -> None:
        self.ws_proto = ServerProtocol(state=OPEN)
        self.written: list[bytes] = []
        self.io_proto = SimpleNamespace(transport=SimpleNamespace(write=self.written.append))
        self.pings: dict[bytes, Any] = {}
        self.failed: list[int] = []

    def fail_connection(self, code: int) -> None:
        self.failed.append(code)


async def test_that_who_answers_is_asked_again_and_who_does_not_is_let_go() -> None:
    socket: Any = Socket()
    ask(socket)
    assert [data[0] for data in socket.written] == [PING]
    del socket.pings[PONG]  # as Sanic does when the pong comes
    ask(socket)
    assert [data[0] for data in socket.written] == [PING, PING]
    assert socket.failed == []
    ask(socket)
    assert (len(socket.written), socket.failed) == (2, [1011])


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
