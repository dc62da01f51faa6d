"""One turn as the actions see it: what the customer said, what to say back, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from handoff.client import HandoffClient, HandoffError

logger = logging.getLogger(__name__)

Event = dict[str, Any]

# The gateway gives a turn eight to ten seconds; an action that needs more has failed.
ACTION_SECONDS = 5.0


class Turn:
    """The customer's message with the tools to answer it."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker, client: HandoffClient) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker
        self.client = client
        self.conversation_id = str(tracker.sender_id)
        message = tracker.latest_message or {}
        user: dict[str, Any] = next(
            (event for event in reversed(tracker.events or []) if event.get("event") == "user"), {}
        )
        self.metadata: dict[str, Any] = user.get("metadata") or {}
        self.raw_text = str(user.get("text") or message.get("text") or "")
        # What understanding works on; the raw text where no graph ran (a pressed button).
        self.text = str(message.get("text") or self.raw_text)
        self.intent = str((message.get("intent") or {}).get("name") or "")
        self.confidence = float((message.get("intent") or {}).get("confidence") or 0.0)
        self.anger = float((message.get("mood") or {}).get("anger") or 0.0)
        self.entities: list[dict[str, Any]] = list(message.get("entities") or [])

    @property
    def locale(self) -> str:
        return str(self.tracker.get_slot("locale") or "zh-Hans")

    @property
    def lang(self) -> str:
        """The key of names and texts in the shop's data: `zh` or `en`."""
        return "en" if self.locale == "en" else "zh"

    @property
    def verified(self) -> bool:
        return bool(self.metadata.get("verified"))

    @property
    def pressed(self) -> bool:
        """True when the customer pressed a button: then the entities are the answer, not a guess."""
        return bool(self.metadata.get("pressed"))

    def entity(self, name: str) -> Any:
        """The first value of this entity, or None."""
        return next((e.get("value") for e in self.entities if e.get("entity") == name), None)

    def slot(self, name: str) -> Any:
        return self.tracker.get_slot(name)

    def key(self, action: str, subject: str) -> str:
        """The Idempotency-Key of a write: the same turn tried again writes once."""
        return re.sub(r"[^\w.:-]", "_", f"{self.metadata.get('message_id', '')}:{action}:{subject}", flags=re.ASCII)

    def say(self, response: str, content: dict[str, Any] | None = None, **values: Any) -> None:
        """Utter a response of the domain, filled with `values`; `content` adds the card or the choices to its text."""
        filled: dict[str, Any] = {name: "" if value is None else value for name, value in values.items()}
        self.dispatcher.utter_message(response=response, json_message={"content": content} if content else {}, **filled)

    def ask(self, response: str, options: list[dict[str, Any]], **values: Any) -> None:
        """A question with buttons: `options` from `option`."""
        self.say(response, {"type": "choices", "options": options} if options else None, **values)

    def signal(self, name: str) -> None:
        """Tell the gateway about trouble: fallback, form_failed, negative_feedback, bot_error."""
        self.dispatcher.utter_message(json_message={"signal": name})

    def hand_over(self, reason: str, team: str | None = None, priority: str | None = None) -> None:
        """Ask the gateway for a human; the gateway decides and tells the customer about the queue."""
        wish = {"reason": reason, "team": team, "priority": priority}
        self.dispatcher.utter_message(json_message={"handoff": {k: v for k, v in wish.items() if v}})

    def offer_human(self, response: str, **values: Any) -> None:
        """Say it, with a button that calls a person."""
        self.ask(response, [option(HUMAN_TITLE[self.lang], "request_human")], **values)


HUMAN_TITLE = {"zh": "转人工客服", "en": "Talk to a person"}


def option(title: str, intent: str = "inform", **entities: Any) -> dict[str, Any]:
    """A button: its title and what pressing it means, which never leaves the server side."""
    found = [{"entity": name, "value": value} for name, value in entities.items()]
    return {"title": title, "parse_data": {"intent": {"name": intent}, "entities": found}}


def slot_set(name: str, value: Any) -> Event:
    return {"event": "slot", "name": name, "value": value}


def fail(turn: Turn, error: HandoffError) -> list[Event]:
    """Say what a refusal means for the customer. The same words for every order that is not his."""
    if error.status == 429:
        turn.say("utter_too_many_tries")
        turn.hand_over("verification_failed", "after_sales")
        return [{"event": "active_loop", "name": None}, slot_set("requested_slot", None)]
    if error.code in ("order_not_found", "verification_required"):
        turn.say("utter_order_not_found")
        return []
    if not error.unavailable:
        # A refusal that this action did not expect is a fault of ours, not of the customer.
        logger.error("The gateway refused a call: %s %s", error.status, error.code)
    turn.signal("bot_error")
    turn.offer_human("utter_unavailable")
    return []


class SkillAction(Action, ABC):
    """An action that answers in time and always says something, whatever the gateway does."""

    def __init__(self, client: HandoffClient | None = None) -> None:
        self._client = client  # rasa_sdk passes nothing; the environment is read at the first turn

    @property
    def client(self) -> HandoffClient:
        if self._client is None:
            # rasa_sdk logs at INFO, where httpx writes a line for every call.
            logging.getLogger("httpx").setLevel(logging.WARNING)
            self._client = HandoffClient.from_env()
        return self._client

    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    async def act(self, turn: Turn) -> list[Event]:
        """Answer the turn; HandoffError may pass through."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Event]:
        turn = Turn(dispatcher, tracker, self.client)
        try:
            return await asyncio.wait_for(self.act(turn), ACTION_SECONDS)
        except HandoffError as error:
            return fail(turn, error)
        except asyncio.TimeoutError:
            return fail(turn, HandoffError(503, "timeout", self.name()))
