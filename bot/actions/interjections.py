"""What a customer may ask in the middle of a form: answered by the same skill as ever, then the form goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.actions import faq, products
from bot.actions.cases import tell_cases
from bot.actions.orders import tell_orders, tell_parcels
from bot.actions.turn import Event, Turn

Skill = Callable[[Turn], Awaitable[list[Event]]]


def _utter(response: str) -> Skill:
    async def skill(turn: Turn) -> list[Event]:
        turn.say(response)
        return []

    return skill


async def _complain(turn: Turn) -> list[Event]:
    turn.offer_human("utter_sorry_in_form")
    return []


async def _negative_feedback(turn: Turn) -> list[Event]:
    turn.signal("negative_feedback")
    turn.offer_human("utter_negative_feedback")
    return []


_SKILLS: dict[str, Skill] = {
    "ask_faq": faq.answer,
    "search_product": products.search,
    "ask_price": products.price,
    "ask_stock": products.stock,
    "ask_size": products.size,
    "ask_delivery_time": products.delivery_time,
    "compare_products": products.compare,
    "track_order": tell_orders,
    "track_parcel": tell_parcels,
    "check_case_status": tell_cases,
    "complain": _complain,
    "negative_feedback": _negative_feedback,
    "greet": _utter("utter_greet"),
    "thank": _utter("utter_thank"),
    "small_talk": _utter("utter_small_talk"),
    "bot_challenge": _utter("utter_bot_challenge"),
}


async def answer_from_faq(turn: Turn) -> bool:
    """Whether the knowledge base surely knows the answer to a question that was not understood; then it is given."""
    return turn.intent != "out_of_scope" and await faq.answer_if_sure(turn)


def knows(intent: str) -> bool:
    return intent in _SKILLS


async def answer(turn: Turn) -> list[Event]:
    """Run the skill of the turn's intent; its events keep what it learned (the product that is talked about)."""
    return await _SKILLS[turn.intent](turn)
