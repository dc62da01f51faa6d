"""A customer's client that behaves as the widget does (handoff/frontend/widget): one message on its way at a time, sent again
under its client id until it is acknowledged; a cursor, and a gap is read again over HTTP."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from tests.chaos.ledger import Diary, Said, Shown
from tests.chaos.wire import AWAY, Doors, backoff, open_socket, send

# The widget's own limits (sender.ts, connection.ts).
HELLO_SECONDS = 10.0
PING_SECONDS, PONG_SECONDS = 25.0, 10.0
ACK_SECONDS = 12.0
HOLD_SECONDS = 5.0
PASSING = {"rate_limited", "too_many_requests", "unavailable", "busy", "not_ready"}
# How often he looks whether an ack is overdue or a pause over.
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Visitor:
    """Who comes: the website's token and, for one who is logged in at the shop, his identifier with its hash."""

    website_token: str
    identifier: str | None = None
    identifier_hash: str | None = None


class Customer:
    """`run` keeps him connected until cancelled; `say` and `press` queue what he sends; `diary` is what he knows."""

    def __init__(self, http: httpx.AsyncClient, doors: Doors, visitor: Visitor, rng: random.Random) -> None:
        self._http, self._doors, self._visitor, self._rng = http, doors, visitor, rng
        self.diary = Diary()
        self.owner = "bot"
        self.door = doors.url
        self.last: dict[str, Any] = {}
        """The newest message of anybody else."""
        self.asked: dict[str, Any] = {}
        """The newest message with buttons."""
        self.on_shown: Callable[[Shown], None] = lambda message: None
        self.refusals: list[str] = []
        self._token = ""
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._socket: ClientConnection | None = None
        self._outbox: deque[tuple[Said, dict[str, Any]]] = deque()
        self._in_flight: str | None = None
        self._sent_at = 0.0
        self._held_until = 0.0
        self._stir = asyncio.Event()
        self._heard_at = 0.0
        self._end = 0

    @property
    def cursor(self) -> int:
        """The highest seq that he has."""
        return self.diary.shown[-1].seq if self.diary.shown else 0

    @property
    def is_up(self) -> bool:
        """Whether he is connected."""
        return self._socket is not None

    @property
    def is_settled(self) -> bool:
        """Whether all he sent is acknowledged and he has read as far as the last `hello` said there was."""
        return not self._outbox and self.is_up and self.cursor >= self._end

    def state(self) -> str:
        """Where he stands, for the report of a run that does not end."""
        left = [said.text for said, _ in self._outbox]
        return (
            f"{self.diary.conversation_id}: {'up' if self.is_up else 'down'}, read {self.cursor} of {self._end}, "
            f"unsent {left}, refused {Counter(self.refusals)}"
        )

    def say(self, text: str) -> Said:
        """Send words."""
        return self._put(text, {"type": "message", "text": text})

    def press(self, option: dict[str, Any]) -> Said:
        """Press a button."""
        return self._put(option["title"], {"type": "choice", "option_id": option["id"]})

    def _put(self, text: str, frame: dict[str, Any]) -> Said:
        said = Said(uuid.uuid4().hex, text)
        self.diary.said.append(said)
        self._outbox.append((said, frame | {"client_id": said.client_id}))
        self._stir.set()
        return said

    async def leave(self) -> None:
        """Go offline."""
        self._wanted.clear()
        await self._hang_up()

    def come_back(self) -> None:
        """Go online."""
        self._wanted.set()

    async def resume(self) -> None:
        """Connect anew, with the cursor."""
        self._end = 0
        await self._hang_up()

    async def _hang_up(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            with suppress(*AWAY):
                await socket.close()

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost."""
        attempt = 0
        while True:
            await self._wanted.wait()
            self.door = self._doors.url
            began = time.monotonic()
            try:
                if not self._token:
                    await self._open_session()
                async with open_socket(
                    self.door, "/ws/customer", {"token": self._token, "after": self.cursor}
                ) as socket:
                    await self._follow(socket)
            except AWAY:
                pass
            self._socket, self._in_flight = None, None
            if not self._wanted.is_set():
                continue
            attempt = 0 if time.monotonic() - began > 1.0 else attempt + 1
            self._doors.failed(self.door)
            await asyncio.sleep(backoff(attempt, self._rng))

    async def _open_session(self) -> None:
        body = {k: v for k, v in vars(self._visitor).items() if v is not None} | {"locale": "zh-CN"}
        answer = await self._http.post(f"{self.door}/api/v1/widget/sessions", json=body)
        answer.raise_for_status()
        session = answer.json()
        self._token = session["token"]
        self.diary.conversation_id = session["conversation_id"]

    async def _follow(self, socket: ClientConnection) -> None:
        sending = asyncio.create_task(self._send_forever(socket))
        try:
            async for raw in socket:
                self._heard_at = time.monotonic()
                await self._take(socket, json.loads(raw))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "hello":
            if frame["conversation_id"] != self.diary.conversation_id:
                raise AssertionError(f"another conversation than {self.diary.conversation_id}")
            self._socket, self._end = socket, frame["last_seq"]
            self.owner = frame["owner"]["type"]
            self._stir.set()
        elif kind == "message":
            if not self._show(frame):
                await self._read_again()
        elif kind == "owner":
            self.owner = frame["owner"]["type"]
        elif kind == "ack":
            self._landed(frame["client_id"], frame["seq"])
        elif kind == "error":
            self._refused(frame)

    def _show(self, message: dict[str, Any]) -> bool:
        """Put it on the screen, as log.ts does: once, in order. False when something before it is missing."""
        if message["seq"] <= self.cursor:
            return True
        if message["prev"] > self.cursor:
            return False
        shown = Shown(message["seq"], message["sender"], message["content"]["text"], message.get("client_id"))
        self.diary.shown.append(shown)
        if message["sender"] != "customer":
            self.last = message
            self.asked = message if message["content"].get("options") else self.asked
        elif shown.client_id:
            self._landed(shown.client_id, shown.seq)
        self.on_shown(shown)
        return True

    async def _read_again(self) -> None:
        for message in await read_log(self._http, self.door, self._token, self.cursor):
            if not self._show(message):
                raise AssertionError(f"a gap before {message['seq']} that reading again does not close")

    async def whole_log(self) -> list[Shown]:
        """The conversation from its start as the API gives it."""
        found = await read_log(self._http, self._doors.url, self._token, 0)
        return [Shown(m["seq"], m["sender"], m["content"]["text"], m.get("client_id")) for m in found]

    def _landed(self, client_id: str, seq: int) -> None:
        if self._outbox and self._outbox[0][0].client_id == client_id:
            self._outbox.popleft()[0].seq = seq
        if self._in_flight == client_id:
            self._in_flight = None
            self._stir.set()

    def _refused(self, frame: dict[str, Any]) -> None:
        self.refusals.append(frame["code"])
        if frame["code"] in PASSING or frame.get("retry_after"):
            self._held_until = time.monotonic() + float(frame.get("retry_after") or HOLD_SECONDS)
        elif self._outbox and self._outbox[0][0].client_id == frame.get("client_id"):
            self.diary.said.remove(self._outbox.popleft()[0])
        self._in_flight = None

    async def _send_forever(self, socket: ClientConnection) -> None:
        self._heard_at, pinged = time.monotonic(), False
        while True:
            now = time.monotonic()
            silent = now - self._heard_at
            longest = PING_SECONDS + PONG_SECONDS if self._socket is socket else HELLO_SECONDS
            if silent > longest or (self._in_flight and now - self._sent_at > ACK_SECONDS):
                return await socket.close()
            if silent > PING_SECONDS and not pinged:
                with suppress(*AWAY):
                    await send(socket, {"type": "ping"})
            pinged = silent > PING_SECONDS
            if self._socket is socket and not self._in_flight and self._outbox and now >= self._held_until:
                said, frame = self._outbox[0]
                self._in_flight, self._sent_at = said.client_id, now
                with suppress(*AWAY):
                    await send(socket, frame)
            self._stir.clear()
            # Not wait_for: before Python 3.12 that may swallow a cancellation.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stir.wait()


async def read_log(http: httpx.AsyncClient, url: str, token: str, after: int) -> list[dict[str, Any]]:
    """A customer's messages after `after`, all pages."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await http.get(
            f"{url}/api/v1/widget/messages",
            params={"after": found[-1]["seq"] if found else after},
            headers={"Authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()
        page = answer.json()["items"]
        if not page:
            return found
        found += page
