"""Questions that the knowledge base answers."""

from __future__ import annotations

from typing import Any

from bot.actions.turn import Event, SkillAction, Turn, option
from handoff.client import HandoffError


class ActionFaq(SkillAction):
    def name(self) -> str:
        return "action_faq"

    async def act(self, turn: Turn) -> list[Event]:
        return await answer(turn)


async def answer(turn: Turn) -> list[Event]:
    """The answer, or the two or three questions it could be, or an honest no with the signal `fallback`."""
    entry_id = turn.entity("entry_id")
    if entry_id:
        # A pressed candidate: its question finds it again, whatever else comes near.
        results = (await _search(turn, turn.entity("question") or turn.raw_text, 5))["results"]
        exact = next((result for result in results if result["entry_id"] == entry_id), None)
        if exact:
            _tell(turn, exact)
            return []
    found = await _search(turn, turn.text, 3)
    if found["decision"] == "answer" and found["results"]:
        _tell(turn, found["results"][0])
    elif found["decision"] == "choices" and found["results"]:
        turn.ask("utter_faq_choices", candidates(found["results"]))
    else:
        turn.signal("fallback")
        turn.offer_human("utter_faq_unknown")
    return []


async def answer_if_sure(turn: Turn) -> bool:
    """Answer if the knowledge base is confident, else say nothing. An outage is not the customer's business here."""
    try:
        found = await _search(turn, turn.text, 1)
    except HandoffError:
        return False
    if found["decision"] != "answer" or not found["results"]:
        return False
    _tell(turn, found["results"][0])
    return True


def candidates(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        option(result["question"], "ask_faq", entry_id=result["entry_id"], question=result["question"])
        for result in results[:3]
    ]


async def search(turn: Turn, limit: int = 3) -> dict[str, Any]:
    return await _search(turn, turn.text, limit)


async def _search(turn: Turn, query: str, limit: int) -> dict[str, Any]:
    return await turn.client.faq_search(turn.conversation_id, query, turn.locale, limit)


def _tell(turn: Turn, result: dict[str, Any]) -> None:
    turn.say("utter_faq_answer", {"type": "faq", "entry_id": result["entry_id"]}, answer=result["answer"])
