"""One turn of one conversation: bring the tracker up to date, play the message, keep the answer with it."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.constants import ACTION_LISTEN_NAME, DEFAULT_INTENTS
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.output import TurnOutput
from bot.processor import TurnFailed, TurnProcessor
from bot.request import STANDING_SLOTS, Said, TurnRequest
from bot.tracker_store import KefuTrackerStore, MovedOn
from nlp.locale import LOCALES, detect

# Known to the gateway already, or of no use to a person.
_HIDDEN_SLOTS = frozenset(
    {
        *STANDING_SLOTS,
        "locale",
        "requested_slot",
        "offered",
        "misses",
        "confirmed",
        "phone_last4",
        "product",
        "session_started_metadata",
    }
)
_CALM = {"label": "neutral", "anger": 0.0}


class UnknownMeaning(Exception):
    """`parse_data` names an intent or an entity that the bot does not have."""


class Conversation:
    """Answers turns; the caller sees to it that a conversation has one at a time."""

    def __init__(self, processor: TurnProcessor, store: KefuTrackerStore) -> None:
        self._processor = processor
        self.store = store

    async def answer(self, request: TurnRequest) -> dict[str, Any]:
        """The body of the 200 answer. Raises TurnFailed and whatever the store raises; then nothing was saved."""
        known = await self.store.answer_of(request.message_id)
        if known is not None:
            return known
        output = TurnOutput()
        message = self._message(request, output)
        tracker = await self._processor.tracker(request.sender)
        last_seq = await self.store.last_seq(request.sender)
        self._catch_up(tracker, request, last_seq)
        locale = self._set_facts(tracker, request)
        await self._processor.play(message, tracker)
        if not output.messages and output.handoff is None:
            raise TurnFailed("the bot said nothing")
        answer = self._answer(tracker, output, locale)
        newest = max([request.seq, last_seq, *(line.seq for line in request.history)])
        try:
            await self.store.save_turn(tracker, request.message_id, answer, newest, before=last_seq)
        except MovedOn:
            # Another process took the conversation over while this one was held up: its answer stands.
            known = await self.store.answer_of(request.message_id)
            if known is None:
                raise TurnFailed("the conversation has gone on elsewhere") from None
            return known
        return answer

    async def rehearse(self) -> None:
        """Play a turn that is not saved: loads the encoders, the dictionaries and the policies."""
        await self._processor.parse_message(UserMessage("你好，订单KF202601010001什么时候发货？I want to return it"))
        tracker = DialogueStateTracker("rehearsal", self._processor.domain.slots)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        await self._processor.play(UserMessage("你好", TurnOutput(), "rehearsal"), tracker)

    def _message(self, request: TurnRequest, output: TurnOutput) -> UserMessage:
        metadata = {**request.metadata, "message_id": request.message_id, "seq": request.seq}
        parse_data = None
        if request.parse_data is not None:
            parse_data = self._pressed(request.text, request.parse_data)
            metadata["pressed"] = True
        return UserMessage(
            request.text,
            output,
            request.sender,
            parse_data=parse_data,  # type: ignore[arg-type]  # None is its default
            input_channel=str(request.metadata.get("channel") or "web")[:64],
            message_id=request.message_id,
            metadata=metadata,
        )

    def _pressed(self, text: str, meaning: dict[str, Any]) -> dict[str, Any]:
        """Rasa's parse_data for a button: the graph does not run, so what it would have added is added here."""
        domain, name = self._processor.domain, meaning["intent"]["name"]
        if name not in domain.intents or name in DEFAULT_INTENTS:
            raise UnknownMeaning("parse_data.intent")
        if any(entity["entity"] not in domain.entities for entity in meaning["entities"]):
            raise UnknownMeaning("parse_data.entities")
        intent = {"name": name, "confidence": 1.0}
        return {
            "text": text,
            "intent": intent,
            "entities": meaning["entities"],
            "intent_ranking": [intent],
            "mood": dict(_CALM),  # the words are ours: nobody is angry because a product's name sounds so
        }

    def _catch_up(self, tracker: DialogueStateTracker, request: TurnRequest, last_seq: int) -> None:
        """Append what was said without us. A form that a human interrupted is over, unless the gateway keeps it."""
        unknown = [line for line in request.history if line.seq > last_seq]
        events = [_event(line) for line in unknown if not _is_our_own(line, tracker)]
        if not events:
            return
        # Somebody else spoke for us: a human, or another process while this one was away.
        interrupted = any(line.sender == "agent" for line in unknown) or any(
            isinstance(event, BotUttered) for event in events
        )
        if interrupted and tracker.active_loop_name:
            if request.slots.get("active_form") != tracker.active_loop_name:
                events += [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("offered", None)]
        # Policies predict from the last action: after this one they wait for the customer, as they learned.
        events.append(ActionExecuted(ACTION_LISTEN_NAME))
        tracker.update_with_events(events, self._processor.domain)

    def _set_facts(self, tracker: DialogueStateTracker, request: TurnRequest) -> str:
        facts = {name: request.slots[name] for name in STANDING_SLOTS if name in request.slots}
        default = tracker.get_slot("locale") or request.metadata.get("locale")
        locale = str(default if default in LOCALES else LOCALES[0])
        if request.parse_data is None:
            locale = detect(request.text, locale)
        facts["locale"] = locale
        changed: list[Event] = [
            SlotSet(name, value) for name, value in facts.items() if tracker.get_slot(name) != value
        ]
        tracker.update_with_events(changed, self._processor.domain)
        return locale

    def _answer(self, tracker: DialogueStateTracker, output: TurnOutput, locale: str) -> dict[str, Any]:
        data: dict[str, Any] = dict(tracker.latest_message.parse_data or {}) if tracker.latest_message else {}
        intent = data.get("intent") or {}
        ranking = data.get("intent_ranking") or []
        slots = {
            name: slot.value
            for name, slot in tracker.slots.items()
            if slot.value is not None and name not in _HIDDEN_SLOTS
        }
        if tracker.active_loop_name:
            slots["active_form"] = tracker.active_loop_name
        return {
            "messages": output.in_locale(locale),
            "nlu": {
                "intent": intent.get("name") or DEFAULT_NLU_FALLBACK_INTENT_NAME,
                "confidence": float(intent.get("confidence") or 0.0),
                "ranking": [{"name": rank["name"], "confidence": float(rank["confidence"])} for rank in ranking],
                "entities": [_entity(entity) for entity in data.get("entities") or []],
                "mood": data.get("mood") or dict(_CALM),
            },
            "slots": slots,
            "locale": locale,
            "signals": output.signals,
            "handoff": output.handoff,
        }


def _event(line: Said) -> Event:
    metadata = {"seq": line.seq, "sender": line.sender}
    if line.sender == "customer":
        heard: Any = {"text": line.text, "intent": {}, "entities": []}
        return UserUttered(line.text, intent={}, entities=[], parse_data=heard, metadata=metadata)
    return BotUttered(line.text, metadata=metadata)


def _is_our_own(line: Said, tracker: DialogueStateTracker) -> bool:
    """The gateway numbers our answers after we gave them; told of one again, we know it by its words."""
    if line.sender != "bot":
        return False
    return any(isinstance(event, BotUttered) and event.text == line.text for event in tracker.events)


def _entity(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: entity[name] for name in ("entity", "value", "start", "end") if name in entity}
