"""A social network as a small real HTTP server, and a channel that speaks to it: it fails, limits, refuses and dies as told.

`shown` is what its users see: a message that comes again with a token that it knows is shown once.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import httpx

from handoff.domain.message import Message
from handoff.services.channel import Address, TryLater, Undeliverable

ACCESS = "network-access-token"


@dataclass
class FakeNetwork:
    """`with FakeNetwork() as network:` then `network.url`. `will(…)` scripts the next answers; else it takes what it gets."""

    shown: list[tuple[str, str]] = field(default_factory=list)
    """(user, text) in the order of showing."""
    tokens: list[str] = field(default_factory=list)
    """The token of every call, also of those that failed."""
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._script: deque[int | str] = deque()
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def will(self, *answers: int | str) -> None:
        """A status; `"drop"`: no answer at all; `"lost"`: shown, and the answer lost; `"limit"`: 429 with Retry-After 20."""
        self._script.extend(answers)

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


def _handler(network: FakeNetwork) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what was shown is in `shown`."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            outcome = network.take(self.headers["Authorization"] or "", body)
            if outcome in ("drop", "lost"):
                self.close_connection = True
                return
            limited = outcome == "limit"
            status = 429 if limited else outcome if isinstance(outcome, int) else 200
            data = json.dumps(outcome if isinstance(outcome, dict) else {}).encode()
            self.send_response(status)
            if limited:
                self.send_header("Retry-After", "20")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
