"""What every fake of an outside process is: a small real HTTP server in a thread. Standard library only, also for Python 3.10."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self  # of Python 3.11

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes

    def header(self, name: str) -> str:
        """Empty when it is not there."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True)
class Reply:
    """One answer; an object goes out as JSON, text and bytes as they are."""

    status: int
    body: JsonObject | str | bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class FakeServer:
    """Answers on a port of 127.0.0.1 as long as the context lasts: `with FakeX() as x:` then `x.url`."""

    def __init__(self, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Reply | None:
        """The answer, called in a thread for each connection; None drops the connection, as a dead process does."""
        raise NotImplementedError


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: fakes remember what they were asked."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # who asked went away, or was killed
                super().handle()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = fake.answer(Request(self.command, self.path, headers, body))
            if reply is None:
                self.close_connection = True
                return
            text = json.dumps(reply.body) if isinstance(reply.body, dict) else reply.body
            data = text if isinstance(text, bytes) else text.encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer

    return Handler
