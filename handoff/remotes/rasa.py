"""Rasa behind our channel. A conversation is pinned to one process by hash, because Rasa's own lock does not hold."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Any

import httpx

from handoff.domain.conversation import Priority
from handoff.domain.turns import BotAnswer, BotTurn
from handoff.services.ports import BotBusy, BotUnavailable

# Conversations are spread over this many slots and the slots over the processes, so that adding one moves few.
SLOTS = 64
LOCALES = ("zh-Hans", "zh-Hant", "en")


def slot_of(conversation_id: str) -> int:
    """The conversation's slot, 0 to SLOTS - 1, the same in every gateway."""
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4], "big") % SLOTS


def read_answer(body: dict[str, Any], took_ms: int) -> BotAnswer:
    """The answer in a body of the channel. Raises ValueError, KeyError, TypeError or AttributeError when it is none."""
    for message in body["messages"]:
        if not isinstance(message["type"], str) or not isinstance(message["text"], str):
            raise ValueError("a message without type and text")
        for option in message.get("options", []):
            if not isinstance(option["title"], str) or not isinstance(option["parse_data"]["intent"]["name"], str):
                raise ValueError("a button without title and meaning")
    handoff = body.get("handoff")
    if handoff is not None:
        Priority(handoff.get("priority") or "normal")
    nlu = dict(body.get("nlu") or {})
    float((nlu.get("mood") or {}).get("anger") or 0.0)
    return BotAnswer(
        messages=list(body["messages"]),
        nlu=nlu,
        slots=dict(body.get("slots") or {}),
        signals=[str(signal) for signal in body.get("signals") or []],
        handoff=handoff,
        locale=body.get("locale") if body.get("locale") in LOCALES else None,
        took_ms=took_ms,
    )


class HttpBot:
    """See ports.Bot."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        self._urls = list(urls)
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, connect=2.0))

    def url_for(self, conversation_id: str) -> str:
        """The process that answers this conversation."""
        return self._urls[slot_of(conversation_id) % len(self._urls)]

    async def answer(self, turn: BotTurn, request: dict[str, Any]) -> BotAnswer:
        """See ports.Bot."""
        started = time.monotonic()
        url = f"{self.url_for(turn.conversation_id)}/webhooks/kefu/webhook"
        try:
            response = await self._http.post(url, json=request, headers=self._headers)
        except httpx.TimeoutException as error:
            raise BotBusy(f"no answer in time ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            raise BotUnavailable(type(error).__name__) from error
        if response.status_code == 409:
            raise BotBusy("it still works on this turn")
        if response.status_code != 200:
            raise BotUnavailable(f"status {response.status_code}")
        try:
            return read_answer(response.json(), round((time.monotonic() - started) * 1000))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BotUnavailable(f"an answer that is none ({type(error).__name__})") from error

    async def erase(self, conversation_ids: Sequence[str]) -> None:
        """See ports.Bot. Every process is asked: conversations may have moved between them."""
        for url in self._urls:
            try:
                body = {"senders": list(conversation_ids)}
                response = await self._http.post(f"{url}/webhooks/kefu/erase", json=body, headers=self._headers)
            except httpx.HTTPError as error:
                raise BotUnavailable(type(error).__name__) from error
            if response.status_code != 200:
                raise BotUnavailable(f"status {response.status_code}")

    async def healthy(self) -> bool:
        """See ports.Bot: every process answers after its warm-up."""

        async def one(url: str) -> bool:
            try:
                response = await self._http.get(f"{url}/webhooks/kefu/health", headers=self._headers, timeout=2.0)
            except httpx.HTTPError:
                return False
            return response.status_code == 200

        return all(await asyncio.gather(*map(one, self._urls)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()
