"""A door before the demo shop that can hold a return: the moment between a case and its effect, for as long as a test needs."""

from __future__ import annotations

import http.client
import threading
from urllib.parse import urlsplit

from tests.fakes.server import FakeServer, Reply, Request

# Less than the gateway waits for the shop, so that nothing but the test ends the wait.
HOLD_SECONDS = 3.0


class HoldingShop(FakeServer):
    """`with HoldingShop() as door:` set `door.target` to the shop's address; it passes everything on."""

    def __init__(self) -> None:
        super().__init__()
        self.target = ""
        self.held = threading.Event()
        """A return is being held."""
        self._free = threading.Event()
        self._free.set()

    def __exit__(self, *error: object) -> None:
        self._free.set()
        super().__exit__(*error)

    def hold(self) -> None:
        """From now on."""
        self.held.clear()
        self._free.clear()

    def release(self) -> None:
        """Let go of what is held, and hold no more."""
        self._free.set()

    def answer(self, request: Request) -> Reply:
        if request.method == "POST" and request.path.endswith("/returns") and not self._free.is_set():
            self.held.set()
            self._free.wait(HOLD_SECONDS)
        shop = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=10)
        shop.request(request.method, request.path, request.body, request.headers)
        answer = shop.getresponse()
        data = answer.read()
        shop.close()
        return Reply(answer.status, data, {"Content-Type": answer.getheader("Content-Type") or "application/json"})
