"""Not understood: first the nearest questions of the knowledge base, the second time a person."""

from __future__ import annotations

from typing import Any

from bot.actions import faq
from bot.actions.turn import HUMAN_TITLE, Event, SkillAction, Turn, option
from handoff.client import HandoffError


class ActionDefaultFallback(SkillAction):
    """Replaces Rasa's own, which says nothing and forgets the message."""

    def name(self) -> str:
        return "action_default_fallback"

    async def act(self, turn: Turn) -> list[Event]:
        if turn.entity("order_number"):
            # A bare number, said without a word: the customer wants to know about that order.
            return [{"event": "followup", "name": "track_order_form"}]
        again = _missed_before(turn.tracker.events or [])
        found = await self._search(turn)
        strange = turn.intent == "out_of_scope"
        if found["decision"] == "answer" and found["results"] and not strange:
            # The classifier was unsure, the knowledge base is not: that is an answer, not a miss.
            return await faq.answer(turn)
        turn.signal("fallback")
        if again:
            turn.offer_human("utter_fallback_again")
            return []
        choices = faq.candidates(found["results"]) if found["decision"] != "unknown" else []
        if strange and not choices:
            turn.say("utter_out_of_scope")
            return []
        human = option(HUMAN_TITLE[turn.lang], "request_human")
        turn.ask("utter_fallback_choices" if choices else "utter_fallback", [*choices, human])
        return []

    async def _search(self, turn: Turn) -> dict[str, Any]:
        if not any(char.isalnum() for char in turn.text):
            return {"decision": "unknown", "results": []}
        try:
            return await faq.search(turn)
        except HandoffError:
            # Saying "not understood" needs no knowledge base.
            return {"decision": "unknown", "results": []}


def _missed_before(events: list[dict[str, Any]]) -> bool:
    """True when the customer's message before this one was not understood either."""
    turns = [index for index, event in enumerate(events) if event.get("event") == "user"]
    if len(turns) < 2:
        return False
    before = events[turns[-2] : turns[-1]]
    return any(event.get("event") == "action" and event.get("name") == "action_default_fallback" for event in before)
