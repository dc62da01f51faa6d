"""Rasa behind our channel (docs/interfaces.md, section 2) as a small real HTTP server that says what a test scripts.

It keeps the channel's promises (one answer per `message_id`, 409 while it works, real status codes) and is strict about what
it is sent: what breaks the contract is refused and remembered in `violations`. Standard library only, ready in milliseconds:

    python -m tests.fakes.rasa --port 5005 [--script turns.json]

`turns.json` is a list of `{"match": "regular expression", "answer": {...}}`; the first match counts.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.server import FakeServer, JsonObject, Reply, Request

SECRET = "gateway-to-rasa"
Answer = JsonObject | Callable[[JsonObject], JsonObject]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LOCALES = ("zh-Hans", "zh-Hant", "en")
_CASE_FIELDS = {"number", "kind", "status", "order_number", "summary"}


def text_answer(
    *texts: str, intent: str = "ask_faq", confidence: float = 0.9, anger: float = 0.0, **more: Any
) -> JsonObject:
    """A whole answer of the channel from plain texts; `more` replaces fields of it (`slots`, `handoff`, `signals`, …)."""
    answer: JsonObject = {
        "messages": [{"type": "text", "text": text} for text in texts],
        "nlu": {
            "intent": intent,
            "confidence": confidence,
            "ranking": [{"name": intent, "confidence": confidence}],
            "entities": [],
            "mood": {"label": "angry" if anger >= 0.6 else "neutral", "anger": anger},
        },
        "slots": {},
        "locale": "zh-Hans",
        "signals": [],
        "handoff": None,
    }
    return answer | more


def choices(text: str, **options: str) -> JsonObject:
    """A message with buttons: `title="intent"`."""
    buttons = [
        {"title": title, "parse_data": {"intent": {"name": name}, "entities": []}} for title, name in options.items()
    ]
    return {"type": "choices", "text": text, "options": buttons}


def echo(turn: JsonObject) -> JsonObject:
    """What it says when nothing was scripted."""
    return text_answer(f"机器人收到：{turn['message']}", locale=turn["metadata"]["locale"])


@dataclass
class _Line:
    match: re.Pattern[str]
    answer: Answer
    status: int = 200


@dataclass
class FakeRasa(FakeServer):
    """`with FakeRasa() as rasa:` then `rasa.url`. `turns` holds every body it accepted, in order."""

    secret: str = SECRET
    port: int = 0
    turns: list[JsonObject] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    ready: bool = True
    answered: MutableMapping[str, tuple[JsonObject, JsonObject]] = field(default_factory=dict)
    """`message_id` → what was asked and answered."""

    def __post_init__(self) -> None:
        super().__init__(self.port)
        self._lines: list[_Line] = []
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        self._outage: int | None = None
        self.health_checks = 0

    def __exit__(self, *error: object) -> None:
        self._free.set()
        super().__exit__(*error)

    def when(self, match: str, answer: Answer, *, status: int = 200) -> None:
        """Answer so, or refuse with `status`, when the regular expression is found in the message; the newest line counts."""
        self._lines.insert(0, _Line(re.compile(match), answer, status))

    def said_to(self, conversation_id: str) -> list[JsonObject]:
        """The turns of one conversation."""
        return [turn for turn in list(self.turns) if turn["sender"] == conversation_id]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Turns are taken and not answered until the block ends: a bot that thinks for long."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    @contextmanager
    def failing(self, status: int = 503) -> Iterator[None]:
        """Every turn is refused with `status`, and it is not healthy. 0: the connection is dropped, as a dead process does."""
        self._outage = status
        try:
            yield
        finally:
            self._outage = None

    def answer(self, request: Request) -> Reply | None:
        if request.method == "GET":
            found = request.path == "/webhooks/kefu/health"
            return Reply(self._health() if found else 404, {"ready": self.ready})
        said = request.header("Authorization"), request.body
        if request.path == "/webhooks/kefu/erase":
            return Reply(*self._erase(*said))
        if request.path != "/webhooks/kefu/webhook":
            return Reply(404, {"code": "not_found", "message": "", "errors": []})
        answer = self._take(*said)
        return None if answer is None else Reply(*answer)

    def _health(self) -> int:
        self.health_checks += 1
        return 200 if self.ready and self._outage is None else 503

    def _take(self, authorization: str, raw: bytes) -> tuple[int, JsonObject | str] | None:
        """The answer to one POST; None drops the connection."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self.secret}".encode()):
            return self._refuse(403, "forbidden", "a wrong secret")
        try:
            turn = json.loads(raw)
        except ValueError:
            return self._refuse(400, "bad_request", "a body that is not JSON")
        if problem := _problem(turn):
            return self._refuse(422, "bad_fields", problem)
        if self._outage is not None:
            return None if self._outage == 0 else (self._outage, {"code": "turn_failed", "message": "", "errors": []})
        return self._run(turn)

    def _erase(self, authorization: str, raw: bytes) -> tuple[int, JsonObject | str]:
        """Forget the turns of some conversations."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self.secret}".encode()):
            return self._refuse(403, "forbidden", "a wrong secret")
        senders = json.loads(raw)["senders"]
        with self._lock:
            gone = [turn for turn in self.turns if turn["sender"] in senders]
            self.turns[:] = [turn for turn in self.turns if turn["sender"] not in senders]
        return 200, {"events": len(gone)}

    def _run(self, turn: JsonObject) -> tuple[int, JsonObject | str]:
        id, asked = turn["metadata"]["message_id"], {k: turn.get(k) for k in ("sender", "message", "parse_data")}
        with self._lock:
            if id in self.answered:
                before, answer = self.answered[id]
                if before != asked:
                    return self._refuse(422, "message_id_reused", f"another message under {id}")
                return 200, answer
            if id in self._running:
                return 409, {"code": "turn_running", "message": "", "errors": []}
            self._running.add(id)
            self.turns.append(turn)
        try:
            self._free.wait()
            line = next((line for line in self._lines if line.match.search(turn["message"])), None)
            scripted = line.answer if line else echo
            answer = scripted(turn) if callable(scripted) else scripted
            if line is not None and (line.status != 200 or "raw" in answer):
                return line.status, answer.get("raw", {"code": "turn_failed", "message": "", "errors": []})
            with self._lock:
                self.answered[id] = (asked, answer)
            return 200, answer
        finally:
            with self._lock:
                self._running.discard(id)

    def _refuse(self, status: int, code: str, why: str) -> tuple[int, JsonObject]:
        self.violations.append(why)
        return status, {"code": code, "message": why, "errors": []}


def _problem(turn: Any) -> str | None:
    """What is wrong with a request, by the contract; None when nothing is."""
    if not isinstance(turn, dict):
        return "a body that is not an object"
    if unknown := set(turn) - {"sender", "message", "parse_data", "history", "slots", "metadata"}:
        return f"unknown fields {sorted(unknown)}"
    if not isinstance(turn.get("sender"), str) or not _ID.fullmatch(turn["sender"]):
        return "sender is not a conversation id"
    if not isinstance(turn.get("message"), str) or not turn["message"].strip():
        return "message is empty"
    if "\x00" in turn["message"] or any("\ud800" <= c <= "\udfff" for c in turn["message"]):
        return "message has characters that no database keeps"
    if "parse_data" in turn and not isinstance((turn["parse_data"].get("intent") or {}).get("name"), str):
        return "parse_data without an intent"
    return (
        _problem_of_history(turn.get("history")) or _problem_of_slots(turn.get("slots")) or _problem_of_metadata(turn)
    )


def _problem_of_history(history: Any) -> str | None:
    if not isinstance(history, list):
        return "history is not a list"
    if any(
        set(h) != {"seq", "sender", "text", "at"} or h["sender"] not in ("customer", "agent", "bot") for h in history
    ):
        return "an entry of history has other fields or another sender"
    seqs = [h["seq"] for h in history]
    return None if seqs == sorted(set(seqs)) else "history is not in order"


def _problem_of_slots(slots: Any) -> str | None:
    if not isinstance(slots, dict) or set(slots) - {"open_cases", "last_order", "handoff_summary"}:
        return "slots are not the standing facts"
    cases = slots.get("open_cases", [])
    return "an open case has other fields" if any(set(case) != _CASE_FIELDS for case in cases) else None


def _problem_of_metadata(turn: JsonObject) -> str | None:
    m = turn.get("metadata")
    if not isinstance(m, dict) or set(m) != {"message_id", "seq", "locale", "channel", "customer_id", "verified"}:
        return "metadata has other fields"
    sender, _, number = str(m["message_id"]).rpartition(":")
    if sender != turn["sender"] or not number.isdigit():
        return "message_id is not {conversation id}:{turn_no}"
    if not isinstance(m["seq"], int) or m["locale"] not in _LOCALES or not isinstance(m["verified"], bool):
        return "metadata has a wrong seq, locale or verified"
    if any(h["seq"] > m["seq"] for h in turn["history"]):
        return "history is newer than the turn"
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--script", type=Path)
    options = parser.parse_args()
    with FakeRasa(os.environ.get("KEFU_RASA_SECRET", SECRET), options.port) as rasa:
        for line in reversed(json.loads(options.script.read_text()) if options.script else []):
            rasa.when(line["match"], text_answer() | line["answer"])
        threading.Event().wait()


if __name__ == "__main__":
    main()
