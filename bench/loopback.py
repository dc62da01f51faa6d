"""What the benchmarks share: a stack of their own, its people, and frames over real sockets."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from ops.stack import Stack

# Nothing we measure takes this long; what does is lost.
PATIENCE_SECONDS = 30.0
NO_LIMITS = {"KEFU_LIMITS": "off"}


@contextmanager
def own_stack(**options: Any) -> Iterator[Stack]:
    """A running installation in a folder that goes away with it; progress on the standard error."""
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        env = NO_LIMITS | options.pop("env", {})
        with Stack(Path(folder), env=env, report=partial(print, file=sys.stderr, flush=True), **options) as stack:
            yield stack


def last_line(result: dict[str, Any]) -> None:
    """The one line that machines read."""
    print(json.dumps(result))


def quantile(values: list[float], q: float) -> float:
    """The value below which a share `q` of them lies; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


class Customer:
    """A visitor on a socket. `seen` maps the client id or seq of what arrived to the moment it did."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.id = ""
        self.conversation_id = ""
        self.messages: list[dict[str, Any]] = []
        self.acked: dict[str, int] = {}
        self.on_message: Callable[[dict[str, Any], float], None] = lambda message, at: None
        self.socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.token = ""

    async def open(self, http: httpx.AsyncClient) -> None:
        """A session and a socket that follows it."""
        body = {"website_token": self._stack.env["KEFU_WEBSITE_TOKEN"], "locale": "zh-CN"}
        answer = await http.post(f"{self._stack.gateway_url}/api/v1/widget/sessions", json=body)
        answer.raise_for_status()
        session = answer.json()
        self.id, self.conversation_id, self.token = session["customer_id"], session["conversation_id"], session["token"]
        await self.connect()

    async def connect(self) -> None:
        """Follow from the start of the conversation."""
        self.socket = await websockets.connect(
            self._stack.gateway_url.replace("http", "ws", 1) + "/ws/customer", ping_interval=None, compression=None
        )
        after = self.messages[-1]["seq"] if self.messages else 0
        await self.socket.send(json.dumps({"type": "auth", "token": self.token, "after": after}))
        self._reader = asyncio.create_task(self._read(self.socket))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                at = time.perf_counter()
                frame = json.loads(raw)
                if frame["type"] == "message":
                    self.messages.append(frame)
                    self.on_message(frame, at)
                elif frame["type"] == "ack":
                    self.acked[frame["client_id"]] = frame["seq"]
        except websockets.ConnectionClosed:
            return

    async def say(self, text: str) -> str:
        """Send it; its client id."""
        client_id = uuid.uuid4().hex
        if self.socket is None:
            raise RuntimeError("not connected")
        await self.socket.send(json.dumps({"type": "message", "client_id": client_id, "text": text}))
        return client_id

    async def close(self) -> None:
        """Hang up."""
        if self._reader is not None:
            self._reader.cancel()
        if self.socket is not None:
            await self.socket.close()


class Agent:
    """An agent with a desk socket."""

    def __init__(self, stack: Stack, login: dict[str, Any]) -> None:
        self._stack, self._login = stack, login
        self.http = httpx.AsyncClient(base_url=f"{stack.gateway_url}/api/v1", timeout=PATIENCE_SECONDS)
        self.on_message: Callable[[str, dict[str, Any], float], None] = lambda id, message, at: None
        self.epochs: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.socket: ClientConnection | None = None

    async def open(self) -> None:
        """Log in and open the desk."""
        credentials = {k: self._login[k] for k in ("email", "password")}
        answer = await self.http.post("/auth/login", json=credentials)
        answer.raise_for_status()
        token = answer.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        url = self._stack.gateway_url.replace("http", "ws", 1) + "/ws/agent"
        self.socket = await websockets.connect(url, ping_interval=None, compression=None, max_queue=None)
        await self.socket.send(json.dumps({"type": "auth", "token": token}))
        self._tasks = [asyncio.create_task(self._read(self.socket)), asyncio.create_task(self._beat(self.socket))]

    async def _beat(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(15)
            await socket.send('{"type":"ping"}')

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                at = time.perf_counter()
                frame = json.loads(raw)
                if frame["type"] == "message.created":
                    self.on_message(frame["conversation_id"], frame["message"], at)
        except websockets.ConnectionClosed:
            return

    async def accept(self, conversation_id: str) -> None:
        """Take it, over the capacity if need be."""
        answer = await self.http.post(f"/conversations/{conversation_id}/accept", json={"force": True})
        answer.raise_for_status()
        self.epochs[conversation_id] = answer.json()["owner"]["epoch"]

    async def reply(self, conversation_id: str, text: str) -> str:
        """Answer; its client id."""
        client_id = uuid.uuid4().hex
        body = {"epoch": self.epochs[conversation_id], "text": text, "client_id": client_id}
        answer = await self.http.post(f"/conversations/{conversation_id}/reply", json=body)
        answer.raise_for_status()
        return client_id

    async def close(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        if self.socket is not None:
            await self.socket.close()
        await self.http.aclose()


async def until(fact: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a fact. Raises TimeoutError that names it."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(0.01)
