"""Rasa as its manual starts it, beside our stack: the documented REST channel on the same model with the same action server.

Its tracker store is a SQLite file of its own: of our store's class with its settings and Rasa's own way of saving (`ours`), or Rasa's
`SQL` store as it comes (`rasa`), which is slower because it waits for the disk more often.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ops import ports
from ops.health import answers_ok
from ops.paths import ROOT
from ops.stack import BOT_ONLY, START_SECONDS, Stack
from ops.supervisor import Program, Supervisor

STORES = {
    "ours": {"type": "bot.tracker_store.KefuTrackerStore", "db": "{folder}/tracker.db"},
    "rasa": {"type": "SQL", "dialect": "sqlite", "db": "{folder}/tracker.db"},
}


class PlainRasa:
    """Its REST channel. Each thread that asks keeps a connection of its own, as the gateway does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._mine = threading.local()

    def ask(self, sender: str, text: str) -> list[dict[str, Any]]:
        """What it answers. Raises RuntimeError when that is nothing: REST says 200 to every failure."""
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        body = json.dumps({"sender": sender, "message": text}).encode()
        connection.request("POST", "/webhooks/rest/webhook", body, {"Content-Type": "application/json"})
        answer: list[dict[str, Any]] = json.loads(connection.getresponse().read())
        if not answer:
            raise RuntimeError("plain Rasa answered with nothing: see its log")
        return answer


@contextmanager
def plain_rasa(stack: Stack, store: str = "ours") -> Iterator[PlainRasa]:
    """A plain Rasa that ends with the block. Raises OpsError when it does not start."""
    folder = stack.var / "plain"
    folder.mkdir()
    tracker = {name: value.format(folder=folder) for name, value in STORES[store].items()}
    action = {"url": stack.env["KEFU_ACTIONS_URL"], "enable_selective_domain": True}
    # Rasa reads YAML, of which JSON is a part.
    (folder / "credentials.yml").write_text('{"rest": null}')
    (folder / "endpoints.yml").write_text(
        json.dumps({"action_endpoint": action, "tracker_store": tracker, "lock_store": {"type": "in_memory"}})
    )
    port = ports.any_free(stack.ports.values())
    command = [
        str(ROOT / ".venv" / "bot" / "bin" / "python"), "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", "bot/models",
        "--credentials", str(folder / "credentials.yml"), "--endpoints", str(folder / "endpoints.yml"),
    ]  # fmt: skip
    env = {**stack.env, **BOT_ONLY, "TMPDIR": str(folder)}
    healthy = partial(answers_ok, f"http://127.0.0.1:{port}/webhooks/rest/")
    supervisor = Supervisor(stack.var / "log", partial(print, file=sys.stderr, flush=True))
    try:
        supervisor.start(Program("plain-rasa", command, env, healthy, START_SECONDS["rasa"]))
        supervisor.wait_healthy()
        yield PlainRasa(port)
    finally:
        supervisor.stop()
