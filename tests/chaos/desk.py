"""An agent's client that behaves as the desk does: a socket without a cursor, so that after each connecting it reads its lists and
its open conversations again; verbs over HTTP, sent again with the same key until there is an answer."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tests.chaos.ledger import DeskDiary, Said, Shown
from tests.chaos.wire import AWAY, Doors, backoff, open_socket, send

# As agentSocket.ts.
HEARTBEAT_SECONDS, SILENCE_SECONDS, HELLO_SECONDS = 20.0, 45.0, 12.0
# Until a verb has an answer of any kind; longer than any outage of a run.
VERB_SECONDS = 240.0


class Desk:
    """`run` keeps him connected until cancelled. `mine` are the conversations he owns: id → epoch."""

    def __init__(self, http: httpx.AsyncClient, doors: Doors, login: dict[str, str], rng: random.Random) -> None:
        self._http, self._doors, self._login, self._rng = http, doors, login, rng
        self.diary = DeskDiary()
        self.mine: dict[str, int] = {}
        self.offers: dict[str, float] = {}
        """Conversations that ring here or were seen to wait, and since when."""
        self.door = doors.url
        self.is_up = False
        self.on_shown: Callable[[str, Shown], None] = lambda id, message: None
        self.refusals: list[str] = []
        self._token = ""
        self._reading: dict[str, asyncio.Lock] = {}

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost."""
        attempt = 0
        while True:
            self.door = self._doors.url
            began = time.monotonic()
            try:
                if not self._token:
                    await self._log_in()
                async with open_socket(self.door, "/ws/agent", {"token": self._token}) as socket:
                    beating = asyncio.create_task(self._beat(socket))
                    try:
                        while True:
                            async with asyncio.timeout(SILENCE_SECONDS if self.is_up else HELLO_SECONDS):
                                raw = await socket.recv()
                            await self._take(json.loads(raw))
                    finally:
                        beating.cancel()
                        await asyncio.gather(beating, return_exceptions=True)
            except AWAY:
                pass
            self.is_up = False
            attempt = 0 if time.monotonic() - began > 1.0 else attempt + 1
            self._doors.failed(self.door)
            await asyncio.sleep(backoff(attempt, self._rng))

    async def _log_in(self) -> None:
        answer = await self._http.post(f"{self.door}/api/v1/auth/login", json=self._login)
        answer.raise_for_status()
        self._token = answer.json()["token"]

    async def _beat(self, socket: Any) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await send(socket, {"type": "ping"})

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "hello":
            self.is_up = True
            await self.read_lists()
        elif kind == "handoff.offered":
            self.offers.setdefault(frame["conversation_id"], time.monotonic())
        elif kind == "conversation.updated":
            self._note_owner(frame["conversation"])
        elif kind == "message.created" and frame["conversation_id"] in self.mine:
            message = frame["message"]
            if not self._show(frame["conversation_id"], message):
                await self.read_log(frame["conversation_id"])

    def _note_owner(self, row: dict[str, Any]) -> None:
        owner = row["owner"]
        if owner["type"] != "queue":
            self.offers.pop(row["id"], None)
        if row["id"] in self.mine and owner["epoch"] > self.mine[row["id"]]:
            del self.mine[row["id"]]  # somebody else has it now

    async def read_lists(self) -> None:
        """Read what waits, what is his, and the logs of what he has open."""
        for row in (await self._get("/conversations", owner="queue", limit=100))["items"]:
            self.offers.setdefault(row["id"], time.monotonic())
        rows = (await self._get("/conversations", owner="me", limit=100))["items"]
        owned = {row["id"]: row["owner"]["epoch"] for row in rows}
        self.mine = {id: epoch for id, epoch in owned.items() if id in self.diary.shown}
        for id in list(self.mine):
            await self.read_log(id)

    async def read_log(self, id: str) -> None:
        """Read an open conversation after its last message; all pages."""
        async with self._reading.setdefault(id, asyncio.Lock()):
            while True:
                shown = self.diary.shown.get(id, [])
                after = {"after": shown[-1].seq if shown else 0}
                answer = await self._ask("GET", f"/conversations/{id}/messages", params=after)
                if answer.status_code != 200:  # no longer his
                    return
                page = answer.json()["items"]
                for message in page:
                    if not self._show(id, message):
                        raise AssertionError(f"a gap before {message['seq']} that reading again does not close")
                if not page:
                    return

    def _show(self, id: str, message: dict[str, Any]) -> bool:
        """As log.ts of the desk: agents see every message, so for them the seqs themselves are dense."""
        screen = self.diary.shown.setdefault(id, [])
        last = screen[-1].seq if screen else 0
        if message["seq"] <= last:
            return True
        if message["seq"] != last + 1:
            return False
        shown = Shown(message["seq"], message["sender"], message["content"]["text"], message["client_id"])
        screen.append(shown)
        self.on_shown(id, shown)
        return True

    async def accept(self, id: str, *, force: bool = False) -> bool:
        """Take it; False when somebody was faster, or it may not be his."""
        self.offers.pop(id, None)
        answer = await self._verb(id, "accept", {"force": force})
        if answer.status_code != 200:
            return False
        owner = answer.json()["owner"]
        self.mine[id] = owner["epoch"]
        self.diary.accepts.append((id, owner["epoch"], answer.json()["last_seq"]))
        await self.read_log(id)
        return True

    async def reply(self, id: str, text: str) -> bool:
        """Answer the customer; False when it is no longer his."""
        said = Said(uuid.uuid4().hex, text)
        self.diary.said.setdefault(id, []).append(said)
        body = {"epoch": self.mine.get(id, 0), "text": text, "client_id": said.client_id}
        answer = await self._verb(id, "reply", body)
        if answer.status_code != 200:
            return self._lost(id)
        said.seq = answer.json()["message"]["seq"]
        return True

    async def give_away(self, id: str, verb: str) -> bool:
        """`hand_back` or `resolve`; False when it is no longer his."""
        answer = await self._verb(id, verb, {"epoch": self.mine.get(id, 0)})
        if answer.status_code != 200:
            return self._lost(id)
        self.mine.pop(id, None)
        self.diary.ends.append((id, answer.json()["last_seq"]))
        return True

    def _lost(self, id: str) -> bool:
        self.mine.pop(id, None)
        return False

    async def _verb(self, id: str, verb: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = await self._ask("POST", f"/conversations/{id}/{verb}", json=body, headers=headers)
        if answer.status_code != 200:
            self.refusals.append(f"{verb} {answer.json().get('code')}")
        return answer

    async def _get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self._ask("GET", path, params=query)
        answer.raise_for_status()
        return dict(answer.json())

    async def _ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Ask until there is an answer that is one; at another gateway when this one is away."""
        sent = {"Authorization": f"Bearer {self._token}"} | (headers or {})
        end, attempt = time.monotonic() + VERB_SECONDS, 0
        while True:
            door = self._doors.url
            try:
                answer = await self._http.request(method, f"{door}/api/v1{path}", headers=sent, **more)
                if answer.status_code < 500:
                    return answer
            except AWAY:
                self._doors.failed(door)
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path} had no answer in {VERB_SECONDS:.0f} s")
            await asyncio.sleep(backoff(attempt, self._rng))
            attempt += 1
