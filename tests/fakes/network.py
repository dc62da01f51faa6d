"""A social network as a small real HTTP server, and a channel that speaks to it: it fails, limits, refuses and dies as told.

`shown` is what its users see: a message that comes again with a token that it knows is shown once.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from handoff.domain.message import Message
from handoff.services.channel import Address, TryLater, Undeliverable
from tests.fakes.server import FakeServer, Reply, Request

ACCESS = "network-access-token"


@dataclass
class FakeNetwork(FakeServer):
    """`with FakeNetwork() as network:` then `network.url`. `will(…)` scripts the next answers; else it takes what it gets."""

    shown: list[tuple[str, str]] = field(default_factory=list)
    """(user, text) in the order of showing."""
    tokens: list[str] = field(default_factory=list)
    """The token of every call, also of those that failed."""
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._script: deque[int | str] = deque()
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def will(self, *answers: int | str) -> None:
        """A status; `"drop"`: no answer at all; `"lost"`: shown, and the answer lost; `"limit"`: 429 with Retry-After 20."""
        self._script.extend(answers)

    def answer(self, request: Request) -> Reply | None:
        outcome = self.take(request.header("Authorization"), json.loads(request.body))
        if outcome in ("drop", "lost"):
            return None
        if outcome == "limit":
            return Reply(429, {}, {"Retry-After": "20"})
        return Reply(200, outcome) if isinstance(outcome, dict) else Reply(int(outcome), {})

    def take(self, authorization: str, body: dict[str, Any]) -> int | str | dict[str, Any]:
        """What becomes of one call."""
        if authorization != f"Bearer {ACCESS}" or set(body) != {"to", "text", "token"}:
            self.violations.append("a call that the network does not know")
            return 400
        with self._lock:
            self.tokens.append(body["token"])
            step = self._script.popleft() if self._script else 200
            if step in (200, "lost") and body["token"] not in self._known:
                self._known[body["token"]] = f"m{len(self._known)}"
                self.shown.append((body["to"], body["text"]))
            return {"id": self._known[body["token"]]} if step == 200 else step


class NetworkChannel:
    """See handoff.services.channel.Channel."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def deliver(self, to: Address, message: Message, token: str) -> str | None:
        body = {"to": to.external_id, "text": message.text, "token": token}
        headers = {"Authorization": f"Bearer {to.inbox.secret}"}
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.post(self._url, json=body, headers=headers)
        if answer.status_code == 429:
            raise TryLater("rate limited", float(answer.headers["retry-after"]))
        if answer.status_code in (400, 403):
            raise Undeliverable(f"status {answer.status_code}")
        if answer.status_code != 200:
            raise TryLater(f"status {answer.status_code}")
        return str(answer.json()["id"])
