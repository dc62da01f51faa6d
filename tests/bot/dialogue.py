"""Plays a dialogue with the actions alone: entities are really found, the intent is given, events change the slots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.turn import SkillAction
from handoff.client import HandoffClient
from nlp.entities import EntityExtractor
from nlp.text import normalise
from tests.fakes.gateway import SECRET, FakeGateway

_EXTRACTOR = EntityExtractor()


class Said:
    """What one action uttered."""

    def __init__(self, messages: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
        custom = [message.get("custom") or {} for message in messages]
        self.responses = [message["response"] for message in messages if message.get("response")]
        self.values: dict[str, Any] = {key: value for message in messages for key, value in message.items()}
        self.contents = [part["content"] for part in custom if "content" in part]
        self.signals = [part["signal"] for part in custom if "signal" in part]
        self.handoffs = [part["handoff"] for part in custom if "handoff" in part]
        self.followup = next((event["name"] for event in events if event["event"] == "followup"), None)

    @property
    def options(self) -> list[dict[str, Any]]:
        return [option for content in self.contents for option in content.get("options", [])]


class Dialogue:
    """One conversation with one gateway."""

    def __init__(self, gateway: FakeGateway, *, locale: str = "zh-Hans") -> None:
        self.client = HandoffClient(gateway.url, SECRET)
        self.slots: dict[str, Any] = {"locale": locale}
        self.loop: str | None = None
        self.verified = gateway.customer is not None
        self.events: list[dict[str, Any]] = []
        self.turn = 0
        self.last = Said([], [])

    async def say(self, action: type[SkillAction], text: str, intent: str = "inform", *, anger: float = 0.0) -> Said:
        normal = normalise(text)
        entities = [entity.as_dict() for entity in _EXTRACTOR.extract(normal)]
        data = {
            "text": normal,
            "intent": {"name": intent, "confidence": 0.9},
            "entities": entities,
            "mood": {"anger": anger},
        }
        return await self._run(action, text, data, pressed=False)

    async def press(self, action: type[SkillAction], title: str) -> Said:
        """Press the button of this title in the last message."""
        pressed = next(option for option in self.last.options if option["title"].startswith(title))
        parsed = pressed["parse_data"]
        data = {"text": title, "intent": {**parsed["intent"], "confidence": 1.0}, "entities": parsed["entities"]}
        return await self._run(action, title, data, pressed=True)

    async def _run(self, action: type[SkillAction], text: str, data: dict[str, Any], *, pressed: bool) -> Said:
        self.turn += 1
        metadata = {
            "message_id": f"c1:{self.turn}",
            "verified": self.verified,
            **({"pressed": True} if pressed else {}),
        }
        self.events.append({"event": "user", "text": text, "metadata": metadata, "parse_data": data})
        running = action(self.client)
        loop = {"name": self.loop} if self.loop else {}
        tracker = Tracker("c1", dict(self.slots), data, list(self.events), False, None, loop, "action_listen")
        dispatcher = CollectingDispatcher()
        events = await running.run(dispatcher, tracker, {})
        self.events.append({"event": "action", "name": running.name()})
        for event in events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "active_loop":
                self.loop = event["name"]
        self.last = Said(dispatcher.messages, events)
        return self.last


Start = Callable[[FakeGateway], Dialogue]
