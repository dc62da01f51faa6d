"""The fake Rasa as a process with forms and actions, that can be killed at any moment and starts in a moment.

It keeps the channel's promises as the real one does: what it answered, and where its forms stand, is on disk in one row per
turn, written before the answer goes out; its actions call the gateway's internal API with the turn's idempotency key. So a
turn that was cut does its actions again under the same key. Standard library only:

    KEFU_TRACKER_DB=turns.db KEFU_GATEWAY_URL=http://127.0.0.1:8080 python -m tests.fakes.skilled_rasa --port 5005
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, MutableMapping
from typing import Any

from tests.fakes.rasa import FakeRasa, text_answer
from tests.fakes.server import JsonObject

# What the real one takes with one customer: long enough to be killed in.
THINKING_SECONDS = (0.03, 0.15)
ACTION_SECONDS = 4.0
_ORDER = re.compile(r"KF\d{12}")
_ANGRY = re.compile(r"气死|骗子|什么破")
STEPS = {
    "item": "您要退换哪一件？",
    "return_reason": "退货的原因是？",
    "pickup": "怎么寄回？",
    "confirmed": "请核对一下，确认提交吗？",
}
WORDS = {
    "return_reason": {"size": "尺码不合适", "quality": "质量问题"},
    "pickup": {"door": "上门取件", "drop_off": "自己寄回"},
    "confirmed": {"yes": "确认提交", "no": "先不办了"},
}

Kept = tuple[JsonObject, JsonObject]


class Memory(MutableMapping[str, Kept]):
    """`message_id` → what was asked and answered, in a file that outlives the process."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing that the system has; only the machine's end would, which nobody plays here.
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS turns (n INTEGER PRIMARY KEY, id TEXT UNIQUE, sender TEXT, asked TEXT, answer TEXT)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS turns_by_sender ON turns (sender, n)")

    def __getitem__(self, id: str) -> Kept:
        with self._lock:
            row = self._db.execute("SELECT asked, answer FROM turns WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise KeyError(id)
        return json.loads(row[0]), json.loads(row[1])

    def __setitem__(self, id: str, kept: Kept) -> None:
        asked, answer = kept
        row = (id, asked["sender"], json.dumps(asked), json.dumps(answer))
        with self._lock:
            self._db.execute("INSERT INTO turns (id, sender, asked, answer) VALUES (?, ?, ?, ?)", row)

    def __delitem__(self, id: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM turns WHERE id = ?", (id,))

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            rows = self._db.execute("SELECT id FROM turns").fetchall()
        return iter([row[0] for row in rows])

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT COUNT(*) FROM turns").fetchone()[0])

    def slots(self, sender: str) -> dict[str, Any]:
        """Where the conversation stands: the slots of its last answer here."""
        with self._lock:
            query = "SELECT answer FROM turns WHERE sender = ? ORDER BY n DESC LIMIT 1"
            row = self._db.execute(query, (sender,)).fetchone()
        return dict(json.loads(row[0])["slots"]) if row else {}


class GatewayAway(Exception):
    """The internal API does not answer, or says that something behind it does not."""


class Refused(Exception):
    """The internal API refuses: its code and the whole body."""

    def __init__(self, code: str, body: JsonObject) -> None:
        super().__init__(code)
        self.code, self.body = code, body


class Skills:
    """What the bot can do: answer from the knowledge base, and a return to its end."""

    def __init__(self, memory: Memory, gateways: list[str], secret: str) -> None:
        self._memory, self._gateways, self._secret = memory, gateways, secret

    def answer(self, turn: JsonObject) -> JsonObject:
        """The answer to a turn, and its effects."""
        time.sleep(random.uniform(*THINKING_SECONDS))
        slots = self._memory.slots(turn["sender"])
        try:
            return self._answer(turn, slots)
        except GatewayAway:
            # As the real forms: it stays where it was, and the customer may try again.
            return text_answer("抱歉，系统暂时连不上，请稍后再试。", slots=slots, signals=["bot_error"])
        except Refused as refusal:
            return text_answer(f"抱歉，现在办不了：{refusal.code}", intent="start_return")

    def _answer(self, turn: JsonObject, slots: dict[str, Any]) -> JsonObject:
        text = turn["message"]
        order = _ORDER.search(text)
        if "退货" in text and order:
            return self._next_step(turn, {"active_form": "return_form", "order_number": order[0]})
        if slots.get("active_form"):
            return self._go_on(turn, slots)
        if _ANGRY.search(text):
            return text_answer("非常抱歉给您带来不便。", intent="complain", anger=0.95)
        found = self._post("faq/search", {"query": text, "locale": "zh-Hans", "conversation_id": turn["sender"]})
        if found["decision"] == "unknown" or not found["results"]:
            return text_answer("抱歉，我没有听懂。", intent="nlu_fallback", confidence=0.3)
        best = found["results"][0]
        message = {"type": "faq", "text": best["answer"], "entry_id": best["entry_id"]}
        return text_answer() | {"messages": [message]}

    def _go_on(self, turn: JsonObject, slots: dict[str, Any]) -> JsonObject:
        pressed = {e["entity"]: e["value"] for e in (turn.get("parse_data") or {}).get("entities", [])}
        if pressed.get("confirmed") == "no":
            return text_answer("好的，先不办了。", intent="inform")
        asked = slots["requested_slot"]
        if asked not in pressed:
            return self._next_step(turn, slots)
        return self._next_step(turn, slots | {asked: pressed[asked]})

    def _next_step(self, turn: JsonObject, slots: dict[str, Any]) -> JsonObject:
        for slot, question in STEPS.items():
            if slots.get(slot) is not None:
                continue
            words = self._items(turn, slots) if slot == "item" else WORDS[slot]
            options = [_option(title, slot, value) for value, title in words.items()]
            message = {"type": "choices", "text": question, "options": options}
            return text_answer(intent="start_return", slots=slots | {"requested_slot": slot}) | {"messages": [message]}
        return self._submit(turn, slots)

    def _items(self, turn: JsonObject, slots: dict[str, Any]) -> dict[str, str]:
        body = {"conversation_id": turn["sender"], "order_number": slots["order_number"]}
        order = self._post("orders/lookup", body)["order"]
        return {item["sku"]: item["name"]["zh"] for item in order["items"]}

    def _submit(self, turn: JsonObject, slots: dict[str, Any]) -> JsonObject:
        number, sku = slots["order_number"], slots["item"]
        data = {
            "sku": sku,
            "quantity": 1,
            "reason": WORDS["return_reason"][slots["return_reason"]],
            "pickup": slots["pickup"],
        }
        body = {"conversation_id": turn["sender"], "kind": "return", "order_number": number, "data": data}
        key = f"{turn['metadata']['message_id']}:start_return:{number}-{sku}"
        try:
            case = self._post("cases", body, key)["case"]
        except Refused as refusal:
            known = refusal.body.get("case") or {}
            return text_answer(f"抱歉，不能退货：{refusal.code} {known.get('number', '')}", intent="start_return")
        return text_answer(f"退货申请已提交，单号 {case['number']}。", intent="start_return")

    def _post(self, path: str, body: JsonObject, key: str | None = None) -> JsonObject:
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        for url in self._gateways:
            request = urllib.request.Request(f"{url}/internal/v1/{path}", json.dumps(body).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=ACTION_SECONDS) as response:
                    return dict(json.loads(response.read()))
            except urllib.error.HTTPError as error:
                refusal = json.loads(error.read())
                if error.code >= 500:
                    raise GatewayAway(refusal["code"]) from error
                raise Refused(refusal["code"], refusal) from error
            except (OSError, ValueError):
                continue
        raise GatewayAway("no gateway answers")


class Told(list[str]):
    """Violations of the contract, each also as a line `violation: …` of the log, because this process is killed."""

    def append(self, why: str) -> None:
        print(f"violation: {why}", file=sys.stderr, flush=True)
        super().append(why)


def _option(title: str, slot: str, value: str) -> JsonObject:
    parse_data = {"intent": {"name": "inform"}, "entities": [{"entity": slot, "value": value}]}
    return {"title": title, "parse_data": parse_data}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5005)
    port = parser.parse_args().port
    memory = Memory(os.environ["KEFU_TRACKER_DB"])
    gateways = os.environ["KEFU_GATEWAY_URL"].split(",")
    skills = Skills(memory, gateways, os.environ["KEFU_INTERNAL_SECRET"])
    with FakeRasa(os.environ["KEFU_RASA_SECRET"], port, answered=memory, violations=Told()) as rasa:
        rasa.when("", skills.answer)
        threading.Event().wait()


if __name__ == "__main__":
    main()
