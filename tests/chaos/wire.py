"""How clients reach gateways that come and go: any of several doors, waits that grow, frames over sockets."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

# As the widget and the desk wait (net/backoff.ts, agentSocket.ts).
FIRST_SECONDS = 0.5
LONGEST_SECONDS = 15.0
GROWTH = 1.3
HANDSHAKE_SECONDS = 10.0
REQUEST_SECONDS = 10.0
AWAY = (OSError, TimeoutError, httpx.HTTPError, websockets.WebSocketException)


def backoff(attempt: int, rng: random.Random) -> float:
    """Seconds before the next attempt, counted from 0."""
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * GROWTH ** min(attempt, 20))
    return ceiling * rng.uniform(0.5, 1.0)


class Doors:
    """The addresses of the gateways, as a load balancer would give them out: one's own first, after a failure the next."""

    def __init__(self, urls: list[str], first: int) -> None:
        self._urls = urls[first % len(urls) :] + urls[: first % len(urls)]

    @property
    def url(self) -> str:
        """The door to knock at now."""
        return self._urls[0]

    def failed(self, url: str) -> None:
        """Nobody opened there: the next time at the next one. Several of one's connections may find that out."""
        if url == self.url:
            self._urls.append(self._urls.pop(0))


@asynccontextmanager
async def open_socket(url: str, path: str, auth: dict[str, Any]) -> AsyncIterator[ClientConnection]:
    """A socket that has sent its `auth` frame. Leaving never waits for the other side."""
    address = url.replace("http", "ws", 1) + path
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        socket = await websockets.connect(
            address, ping_interval=None, compression=None, max_queue=None, close_timeout=0.5
        )
    try:
        await send(socket, {"type": "auth", **auth})
        yield socket
    finally:
        with suppress(*AWAY):
            await socket.close()


async def send(socket: ClientConnection, frame: dict[str, Any]) -> None:
    """One frame."""
    await socket.send(json.dumps(frame))
