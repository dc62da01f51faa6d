"""A door before the demo shop that can hold a return: the moment between a case and its effect, for as long as a test needs."""

from __future__ import annotations

import http.client
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

# Less than the gateway waits for the shop, so that nothing but the test ends the wait.
HOLD_SECONDS = 3.0


class HoldingShop:
    """`with HoldingShop() as door:` set `door.target` to the shop's address; it passes everything on."""

    def __init__(self) -> None:
        self.target = ""
        self.held = threading.Event()
        """A return is being held."""
        self._free = threading.Event()
        self._free.set()
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
        self._free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hold(self) -> None:
        """From now on."""
        self.held.clear()
        self._free.clear()

    def release(self) -> None:
        """Let go of what is held, and hold no more."""
        self._free.set()

    def wait(self, method: str, path: str) -> None:
        """What a request goes through."""
        if method == "POST" and path.endswith("/returns") and not self._free.is_set():
            self.held.set()
            self._free.wait(HOLD_SECONDS)


def _handler(door: HoldingShop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            door.wait(self.command, self.path)
            shop = http.client.HTTPConnection(urlsplit(door.target).netloc, timeout=10)
            shop.request(self.command, self.path, body, dict(self.headers))
            answer = shop.getresponse()
            data = answer.read()
            shop.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked was killed
                self.wfile.write(data)

    return Handler
