"""A process full of customers who are connected and say nothing but that they are there, as the widget does."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

# As the widget (handoff/frontend/widget/src/net/connection.ts).
PING_SECONDS = 25.0
# Handshakes at once: a shop's page is opened by many, but not by all in the same moment.
DOORS = 20


@dataclass(frozen=True)
class Crowd:
    """`count` customers of the website `token` at the gateway `url`, all from the address `source`."""

    url: str
    token: str
    count: int
    source: str


def hold(crowd: Crowd, line: Connection) -> None:
    """The process: tells (`opened`, n) while they come, ("counts", {…}) whenever asked, and ends when the line is closed."""
    room_for_files(crowd.count)
    asyncio.run(_Idlers(crowd, line).run())


def room_for_files(count: int) -> None:
    """Raise this process's soft limit so that `count` sockets fit, as far as the hard one lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))


class _Idlers:
    def __init__(self, crowd: Crowd, line: Connection) -> None:
        self._crowd, self._line = crowd, line
        self._counts = Counter(open=0, pings=0, pongs=0, lost=0)
        self._doors = asyncio.Semaphore(DOORS)
        self._told = 0.0

    async def run(self) -> None:
        transport = httpx.AsyncHTTPTransport(
            local_address=self._crowd.source, limits=httpx.Limits(max_connections=DOORS)
        )
        async with httpx.AsyncClient(base_url=self._crowd.url, transport=transport, timeout=60) as http:
            people = [asyncio.create_task(self._stay(http)) for _ in range(self._crowd.count)]
            try:
                while await asyncio.to_thread(self._line.recv):
                    self._line.send(("counts", dict(self._counts)))
            except EOFError:
                pass
            for task in people:
                task.cancel()
            await asyncio.gather(*people, return_exceptions=True)

    async def _stay(self, http: httpx.AsyncClient) -> None:
        async with self._doors:
            socket = await self._come(http)
        self._counts["open"] += 1
        self._tell()
        try:
            await asyncio.gather(self._read(socket), self._beat(socket))
        except websockets.ConnectionClosed:
            self._counts["open"] -= 1
            self._counts["lost"] += 1

    async def _come(self, http: httpx.AsyncClient) -> ClientConnection:
        """A socket after its hello. While all come at once the gateway may be slow: then he tries again, as a browser does."""
        for last in (False, False, True):
            try:
                return await self._connect(http)
            except (httpx.TransportError, OSError, TimeoutError, websockets.WebSocketException):
                if last:
                    raise
        raise AssertionError("unreachable")

    async def _connect(self, http: httpx.AsyncClient) -> ClientConnection:
        answer = await http.post("/api/v1/widget/sessions", json={"website_token": self._crowd.token})
        answer.raise_for_status()
        socket = await websockets.connect(
            self._crowd.url.replace("http", "ws", 1) + "/ws/customer",
            local_addr=(self._crowd.source, 0),
            compression=None,
            ping_interval=None,
            open_timeout=60,
        )
        await socket.send(json.dumps({"type": "auth", "token": answer.json()["token"], "after": 0}))
        hello = json.loads(await socket.recv())
        if hello["type"] != "hello":
            raise RuntimeError(f"no hello but {hello['type']}")
        return socket

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            frame = json.loads(await socket.recv())
            self._counts["pongs"] += frame["type"] == "pong"

    async def _beat(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            await socket.send('{"type":"ping"}')
            self._counts["pings"] += 1

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told > 1 or self._counts["open"] == self._crowd.count:
            self._told = now
            self._line.send(("opened", self._counts["open"]))
