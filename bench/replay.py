"""Replay customers' lines as conversations of one message each, through everything, and say what came of them.

    .venv/handoff/bin/python -m bench.replay FILE [--limit N] [--at-once N] [--url URL --website-token T --login E:P]

FILE has one line of a customer a line. Without --url it starts a stack of its own and stops it. A supervisor is logged in, so
that somebody is there to be handed over to. Last line, JSON: `sent`, `answered` (the bot answered), `clarified` (it asked back
or offered questions), `handed_off` (waits for a human), `errors` (no answer in time, a failed turn, or a refusal),
`p50_ms` and `p95_ms` (message sent → first answer read), `per_second`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from ops.stack import Stack

# Nothing takes this long; what does is an error.
PATIENCE_SECONDS = 60.0
# Twice as often as presence needs it.
BEAT_SECONDS = 15.0


@dataclass
class Outcome:
    """What came of all lines so far."""

    counts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    """Milliseconds until the first answer."""
    first_errors: list[str] = field(default_factory=list)

    def add(self, kind: str, milliseconds: float | None, detail: str = "") -> None:
        """Count one conversation."""
        self.counts[kind] += 1
        if milliseconds is not None:
            self.times.append(milliseconds)
        if kind == "errors" and len(self.first_errors) < 10:
            self.first_errors.append(detail)

    def line(self, seconds: float) -> dict[str, Any]:
        """The last line."""
        sent = self.counts.total()
        cuts = statistics.quantiles(self.times, n=100) if len(self.times) > 1 else [0.0] * 99
        kinds = {kind: self.counts[kind] for kind in ("answered", "clarified", "handed_off", "errors")}
        return {
            "sent": sent,
            **kinds,
            "p50_ms": round(cuts[49]),
            "p95_ms": round(cuts[94]),
            "per_second": round(sent / seconds, 1),
        }


class Replay:
    """Sends lines to one gateway."""

    def __init__(self, http: httpx.AsyncClient, website_token: str, supervisor: str) -> None:
        self._http = http
        self._website_token = website_token
        self._supervisor = {"Authorization": f"Bearer {supervisor}"}
        self.outcome = Outcome()

    async def stay_online(self) -> None:
        """Keep the supervisor present."""
        while True:
            await self._http.put("/api/v1/me/status", json={"status": "online"}, headers=self._supervisor)
            await asyncio.sleep(BEAT_SECONDS)

    async def one(self, text: str) -> None:
        """One customer, one message, one answer."""
        try:
            kind, milliseconds = await self._converse(text)
            self.outcome.add(kind, milliseconds)
        except (httpx.HTTPError, asyncio.TimeoutError, KeyError, ValueError) as error:
            self.outcome.add("errors", None, f"{type(error).__name__}: {error}")

    async def _converse(self, text: str) -> tuple[str, float]:
        opened = await self._post("/api/v1/widget/sessions", {"website_token": self._website_token, "locale": "zh-CN"})
        headers = {"Authorization": f"Bearer {opened['token']}"}
        started = time.monotonic()
        message = {"client_id": uuid.uuid4().hex, "text": text}
        sent = await self._post("/api/v1/widget/messages", message, headers)
        await asyncio.wait_for(self._first_answer(opened["conversation_id"], sent["seq"], headers), PATIENCE_SECONDS)
        milliseconds = (time.monotonic() - started) * 1000
        return await self._kind(opened["conversation_id"]), milliseconds

    async def _first_answer(self, conversation_id: str, cursor: int, headers: dict[str, str]) -> None:
        while True:
            page = await self._get(f"/api/v1/widget/messages?after={cursor}&wait=20", headers)
            if page["owner"]["type"] == "queue" or any(m["sender"] == "bot" for m in page["items"]):
                return
            cursor = max([cursor, *(m["seq"] for m in page["items"])])
            await self._refuse_failure(conversation_id)

    async def _kind(self, conversation_id: str) -> str:
        """What the service itself knows of it."""
        full = await self._get(f"/api/v1/conversations/{conversation_id}", self._supervisor)
        if full["owner"]["type"] == "queue":
            return "handed_off"
        turn = full["turns"][-1]
        if turn["state"] != "answered":
            raise ValueError(f"turn {turn['state']}")
        last = await self._get(f"/api/v1/conversations/{conversation_id}/messages", self._supervisor)
        asked_back = any(m["content"]["type"] == "choices" for m in last["items"] if m["sender"] == "bot")
        return (
            "clarified" if "fallback" in turn["signals"] or (asked_back and turn["intent"] == "ask_faq") else "answered"
        )

    async def _refuse_failure(self, conversation_id: str) -> None:
        full = await self._get(f"/api/v1/conversations/{conversation_id}", self._supervisor)
        if any(turn["state"] == "failed" for turn in full["turns"]):
            raise ValueError("the bot's turn failed")

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        return self._read(await self._http.post(path, json=body, headers=headers))

    async def _get(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        return self._read(await self._http.get(path, headers=headers))

    @staticmethod
    def _read(response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise ValueError(f"{response.request.url.path}: {response.status_code} {response.text[:200]}")
        body: dict[str, Any] = response.json()
        return body


async def run(url: str, website_token: str, login: tuple[str, str], lines: list[str], at_once: int) -> dict[str, Any]:
    """Replay all `lines`; returns the last line's object."""
    limits = httpx.Limits(max_connections=at_once * 2 + 2)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=40.0, limits=limits))
        answer = await http.post("/api/v1/auth/login", json={"email": login[0], "password": login[1]})
        if answer.is_error:
            raise SystemExit(f"cannot log in as {login[0]}: {answer.text}")
        replay = Replay(http, website_token, answer.json()["token"])
        present = asyncio.create_task(replay.stay_online())
        bar = stack.enter_context(tqdm(total=len(lines), unit="line", file=sys.stderr, mininterval=1.0))
        queue = iter(lines)

        async def worker() -> None:
            for text in queue:
                await replay.one(text)
                bar.update()

        started = time.monotonic()
        await asyncio.gather(*(worker() for _ in range(at_once)))
        seconds = time.monotonic() - started
        present.cancel()
        with suppress(asyncio.CancelledError):
            await present
    for error in replay.outcome.first_errors:
        print(f"error: {error}", file=sys.stderr)
    return replay.outcome.line(seconds)


def read_lines(path: Path, limit: int | None) -> list[str]:
    """The lines with something on them. Raises SystemExit with a clear line."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"cannot read {path}: {error}") from None
    if not lines:
        raise SystemExit(f"{path} has no lines")
    return lines[:limit]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Replay customers' lines through everything.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, help="only the first N lines")
    parser.add_argument("--at-once", type=int, default=4, help="conversations at the same time (default 4)")
    parser.add_argument("--url", help="a running gateway, with --website-token and --login")
    parser.add_argument("--website-token")
    parser.add_argument("--login", help="EMAIL:PASSWORD of a supervisor")
    given = parser.parse_args()
    lines = read_lines(given.file, given.limit)
    if given.url:
        if not (given.website_token and given.login):
            parser.error("--url needs --website-token and --login")
        email, _, password = given.login.partition(":")
        last = asyncio.run(run(given.url.rstrip("/"), given.website_token, (email, password), lines, given.at_once))
    else:
        with tempfile.TemporaryDirectory(prefix="kefu-replay-") as folder:
            with Stack(
                Path(folder), env={"KEFU_LIMITS": "off"}, report=partial(print, file=sys.stderr, flush=True)
            ) as stack:
                supervisor = next(one for one in stack.demo_logins if one["role"] == "supervisor")
                login = (supervisor["email"], supervisor["password"])
                token = stack.env["KEFU_WEBSITE_TOKEN"]
                last = asyncio.run(run(stack.gateway_url, token, login, lines, given.at_once))
    print(json.dumps(last))


if __name__ == "__main__":
    main()
