"""A bot that says what a test tells it to, and keeps the channel's promise: a known message id gets its first answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from handoff.domain.ids import ConversationId
from handoff.domain.turns import BotAnswer, BotTurn
from handoff.services.ports import BotUnavailable

Step = BotAnswer | Exception | Callable[[BotTurn, dict[str, Any]], Awaitable[BotAnswer]]


def says(
    *texts: str,
    intent: str = "ask_faq",
    anger: float = 0.0,
    signals: tuple[str, ...] = (),
    handoff: dict[str, Any] | None = None,
    slots: dict[str, Any] | None = None,
    contents: tuple[dict[str, Any], ...] = (),
    locale: str | None = None,
) -> BotAnswer:
    """An answer of plain texts (and ready `contents`) with its understanding."""
    return BotAnswer(
        messages=[{"type": "text", "text": text} for text in texts] + [dict(c) for c in contents],
        nlu={
            "intent": intent,
            "confidence": 0.9,
            "ranking": [{"name": intent, "confidence": 0.9}],
            "entities": [],
            "mood": {"label": "angry" if anger >= 0.6 else "neutral", "anger": anger},
        },
        slots=slots or {},
        signals=list(signals),
        handoff=handoff,
        locale=locale,
        took_ms=12,
    )


@dataclass
class Gate:
    """A step that waits: `entered` is set when the bot was asked, the answer comes after `open()`."""

    answer: BotAnswer | Exception
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        self._opened.set()

    async def __call__(self, turn: BotTurn, request: dict[str, Any]) -> BotAnswer:
        self.entered.set()
        await self._opened.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class ScriptedBot:
    """See ports.Bot. Without a script it repeats the customer's words."""

    def __init__(self) -> None:
        self.script: deque[Step] = deque()
        self.asked: list[tuple[BotTurn, dict[str, Any]]] = []
        self.answered: dict[str, BotAnswer] = {}
        self.erased: list[str] = []
        self.away = False
        self.process = "process-0"

    def process_for(self, conversation_id: ConversationId) -> str:
        return self.process

    def will(self, *steps: Step) -> None:
        """What it does next, in this order."""
        self.script.extend(steps)

    def holds(self, answer: BotAnswer | Exception) -> Gate:
        """The next answer waits at a gate."""
        gate = Gate(answer)
        self.will(gate)
        return gate

    async def answer(self, turn: BotTurn, request: dict[str, Any], process: str) -> BotAnswer:
        self.asked.append((turn, request))
        known = self.answered.get(turn.id)
        if known is not None:
            return replace(known, process=process)
        step: Step = self.script.popleft() if self.script else says(f"机器人：{turn.text}")
        if isinstance(step, Exception):
            raise step
        answer = step if isinstance(step, BotAnswer) else await step(turn, request)
        self.answered[turn.id] = answer
        return replace(answer, process=process)

    async def erase(self, conversation_ids: Sequence[str]) -> None:
        if self.away:
            raise BotUnavailable("away")
        self.erased.extend(conversation_ids)

    async def healthy(self) -> bool:
        return True

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [request for _, request in self.asked]
