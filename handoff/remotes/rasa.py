"""Rasa behind our channel: one process for each conversation, because Rasa's own lock does not hold (see slots.py)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handoff.domain.turns import BotAnswer, BotTurn
from handoff.remotes.answers import read_answer
from handoff.remotes.http import NO_ANSWER, Broken, Http, Nobody, Reply, TooSlow
from handoff.remotes.slots import Process, SlotTable, State, slot_of
from handoff.services.ports import BotBusy, BotUnavailable

__all__ = ["HttpBot", "slot_of"]

log = logging.getLogger(__name__)

# How often a process that is down is asked whether it is back.
WATCH_SECONDS = 0.5
# A health check is a word; a process whose loop hangs does not say it.
HEALTH_SECONDS = 2.0


class HttpBot:
    """See ports.Bot."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        self._table = SlotTable(urls)
        self._http = Http(secret, timeout)

    def process_for(self, conversation_id: str) -> str:
        """See ports.Bot."""
        process = self._table.serving(conversation_id)
        if process is None:
            raise BotUnavailable("no Rasa process is up")
        return process.url

    async def answer(self, turn: BotTurn, request: dict[str, Any], process: str) -> BotAnswer:
        """See ports.Bot."""
        started = time.monotonic()
        asked = next((p for p in self._table.processes if p.url == process), None)
        if asked is None or asked.state is State.DOWN:
            raise BotUnavailable("it has just gone down")
        try:
            reply = await self._http.ask("POST", f"{process}/webhooks/kefu/webhook", json=request)
        except Nobody as error:
            self._down(asked, str(error))
            raise BotUnavailable(str(error)) from error
        except TooSlow as error:
            # Slow, or hung? Its health check tells; a slow one keeps its conversations.
            if self._table.timed_out(asked):
                await self._look(asked)
            raise BotBusy(f"no answer in time ({error})") from error
        except Broken as error:
            # It died under this turn, or only closed a connection that was idle for long.
            await self._look(asked)
            raise BotUnavailable(str(error)) from error
        self._table.answered(asked)
        if reply.status == 409:
            raise BotBusy("it still works on this turn")
        if reply.status != 200:
            if _code(reply) == "not_ready":
                self._down(asked, "not ready")
            raise BotUnavailable(f"status {reply.status}")
        try:
            answer = read_answer(reply.body, round((time.monotonic() - started) * 1000))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BotUnavailable(f"an answer that is none ({type(error).__name__})") from error
        return replace(answer, process=process)

    async def watch(self) -> None:
        """Ask processes that are not up whether they are back, for ever."""
        while True:
            await asyncio.gather(*(self._look(p) for p in self._table.processes if p.state is not State.UP))
            await asyncio.sleep(WATCH_SECONDS)

    async def erase(self, conversation_ids: Sequence[str]) -> None:
        """See ports.Bot. Every process is asked: conversations may have moved between them."""
        for process in self._table.processes:
            try:
                body = {"senders": list(conversation_ids)}
                reply = await self._http.ask("POST", f"{process.url}/webhooks/kefu/erase", json=body)
            except NO_ANSWER as error:
                raise BotUnavailable(str(error)) from error
            if reply.status != 200:
                raise BotUnavailable(f"status {reply.status}")

    async def healthy(self) -> bool:
        """See ports.Bot: every process answers after its warm-up."""
        return all(await asyncio.gather(*(self._is_healthy(p.url) for p in self._table.processes)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def _look(self, process: Process) -> None:
        if not await self._is_healthy(process.url):
            self._down(process, "its health check fails")
        elif self._table.healthy(process):
            log.info("rasa %s is up", process.url)

    def _down(self, process: Process, why: str) -> None:
        if self._table.down(process):
            log.warning("rasa %s is down: %s", process.url, why)

    async def _is_healthy(self, url: str) -> bool:
        try:
            # A process that is stopped takes the connection and says nothing.
            reply = await self._http.ask("GET", f"{url}/webhooks/kefu/health", seconds=HEALTH_SECONDS)
        except NO_ANSWER:
            return False
        return reply.status == 200


def _code(reply: Reply) -> str:
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""
