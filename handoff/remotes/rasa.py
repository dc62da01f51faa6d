"""Rasa behind our channel: one process for each conversation, because Rasa's own lock does not hold (see slots.py)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx

from handoff.domain.turns import BotAnswer, BotTurn
from handoff.remotes.answers import read_answer
from handoff.remotes.slots import Process, SlotTable, State, slot_of
from handoff.services.ports import BotBusy, BotUnavailable

__all__ = ["HttpBot", "slot_of"]

log = logging.getLogger(__name__)

# How often a process that is down is asked whether it is back.
WATCH_SECONDS = 0.5
# A health check is a word; a process whose loop hangs does not say it.
HEALTH_SECONDS = 2.0
CONNECT_SECONDS = 2.0
# Nobody listens there: nothing ran and nothing will.
_NOBODY = (httpx.ConnectError, httpx.ConnectTimeout)


class HttpBot:
    """See ports.Bot."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        self._table = SlotTable(urls)
        self._headers = {"Authorization": f"Bearer {secret}"}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=4.0)
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS), limits=limits)

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
            response = await self._http.post(f"{process}/webhooks/kefu/webhook", json=request, headers=self._headers)
        except _NOBODY as error:
            self._down(asked, type(error).__name__)
            raise BotUnavailable(type(error).__name__) from error
        except httpx.TimeoutException as error:
            # Slow, or hung? Its health check tells; a slow one keeps its conversations.
            if self._table.timed_out(asked):
                await self._look(asked)
            raise BotBusy(f"no answer in time ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            # It died under this turn, or only closed a connection that was idle for long.
            await self._look(asked)
            raise BotUnavailable(type(error).__name__) from error
        self._table.answered(asked)
        if response.status_code == 409:
            raise BotBusy("it still works on this turn")
        if response.status_code != 200:
            if _code(response) == "not_ready":
                self._down(asked, "not ready")
            raise BotUnavailable(f"status {response.status_code}")
        try:
            answer = read_answer(response.content, round((time.monotonic() - started) * 1000))
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
                response = await self._http.post(f"{process.url}/webhooks/kefu/erase", json=body, headers=self._headers)
            except httpx.HTTPError as error:
                raise BotUnavailable(type(error).__name__) from error
            if response.status_code != 200:
                raise BotUnavailable(f"status {response.status_code}")

    async def healthy(self) -> bool:
        """See ports.Bot: every process answers after its warm-up."""
        return all(await asyncio.gather(*(self._is_healthy(p.url) for p in self._table.processes)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

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
            # The limit is on all of it: a process that is stopped takes the connection and says nothing.
            async with asyncio.timeout(HEALTH_SECONDS):
                response = await self._http.get(f"{url}/webhooks/kefu/health", headers=self._headers)
        except (httpx.HTTPError, TimeoutError):
            return False
        return response.status_code == 200


def _code(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""
