"""Returns and exchanges: order, item, reason, refund or exchange, how it goes back, confirm."""

from __future__ import annotations

import re
from typing import Any

from bot.actions.form import FormAction
from bot.actions.form_steps import Form, Step
from bot.actions.orders import DigitsStep, OrderStep, named_item, open_order
from bot.actions.steps import ChoiceStep, ConfirmStep
from bot.actions.turn import Event, Turn, option
from bot.actions.wording import (
    ORDER_STATUS,
    PICKUP,
    REASON,
    RESOLUTION,
    RETURN_REFUSAL,
    day,
    item_name,
    word,
)
from handoff.client import HandoffError

_EXCHANGING = re.compile(r"换|exchange|swap|size|尺码|码", re.IGNORECASE)
_SWAP = re.compile(
    r"(?<![不别])换(?!地址|订单|单)|\b(?:swap|exchange|another (?:one|size)|different (?:one|size))\b", re.IGNORECASE
)
_REFUND = re.compile(r"退款|退钱|把钱退|不换|refund|money back", re.IGNORECASE)
_OTHER_ITEM = re.compile(
    r"(?:换|改)(?:成)?(?:另|别)[一的]?件|另一件|别的(?:商品|东西)|other item|another item", re.IGNORECASE
)


class ItemStep(Step):
    """Which item of the order; a sku of what was not returned yet."""

    slot = "item"
    clears = ("exchange_size",)

    def needed(self, form: Form) -> bool:
        return form.order is not None

    async def only_choice(self, turn: Turn, form: Form) -> Any | None:
        items = returnable(form.order)
        return items[0]["sku"] if len(items) == 1 else named_item(str(form.get("opening") or ""), items, alone=True)

    def options(self, turn: Turn, form: Form) -> list[Any]:
        return [item["sku"] for item in returnable(form.order)]

    async def ask(self, turn: Turn, form: Form) -> None:
        choices = [option(item_name(item, turn.lang), item=item["sku"]) for item in returnable(form.order)]
        turn.ask("utter_ask_item", choices, number=form.get("order_number"))

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        items = returnable(form.order)
        if len(items) > 1 and _OTHER_ITEM.search(turn.text) and form.get("item"):
            others = [item["sku"] for item in items if item["sku"] != form.get("item")]
            return others[0] if len(others) == 1 else None
        return named_item(turn.text, items, alone=asked)


class ReasonStep(Step):
    """Why; a word of the list when it is one, else the customer's own words."""

    slot = "return_reason"
    free_text = True

    def options(self, turn: Turn, form: Form) -> list[Any]:
        return list(REASON)

    async def ask(self, turn: Turn, form: Form) -> None:
        choices = [option(word(REASON, reason, turn.lang), return_reason=reason) for reason in REASON]
        turn.ask("utter_ask_return_reason", choices)

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        if asked:
            return None  # the customer's own words tell a human more than our category
        return turn.entity("return_reason")


class SizeStep(Step):
    """The size to exchange for, from what is in stock now."""

    slot = "exchange_size"

    def needed(self, form: Form) -> bool:
        return str(form.get("resolution")) == "exchange"

    async def ask(self, turn: Turn, form: Form) -> None:
        found = await turn.client.products_search(str(form.get("item")), turn.locale, 1)
        sizes = [str(size["size"]) for size in (found[0].get("sizes") or [] if found else []) if size["stock"] > 0]
        form.set("offered", sizes or None)
        turn.ask("utter_ask_exchange_size", [option(size, exchange_size=size) for size in sizes])

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        offered = {str(size).upper(): size for size in form.get("offered") or []} if asked else {}
        said = str(turn.entity("size") or turn.text.strip(" 码号。.")).upper()
        if asked:
            return offered.get(said) if offered else turn.entity("size")
        return said if turn.entity("size") and _EXCHANGING.search(turn.text) else None


class ResolutionStep(ChoiceStep):
    """Refund or exchange. A bare "退货" opens the form and does not decide it: it is said for both."""

    def __init__(self) -> None:
        super().__init__("resolution", "utter_ask_resolution", RESOLUTION, clears=("exchange_size",))

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        value = super().read(turn, form, asked)
        if asked and value is None and not turn.pressed:
            # "换一件大的", "给我换个M码"
            value = "exchange" if _SWAP.search(turn.text) else "refund" if _REFUND.search(turn.text) else None
        undecided = not asked and form.get("resolution") is None and not turn.pressed
        return None if undecided and value == "refund" and not _REFUND.search(turn.text) else value


class ReturnForm(FormAction):
    steps = (
        OrderStep(("delivered", "completed"), clears=("item", "exchange_size")),
        DigitsStep(),
        ItemStep(),
        ReasonStep(),
        ResolutionStep(),
        SizeStep(),
        ChoiceStep("pickup", "utter_ask_pickup", PICKUP),
        ConfirmStep(
            "utter_confirm_return",
            lambda turn, form: _summary(turn, form),
            ("order_number", "item", "return_reason", "resolution", "exchange_size", "pickup"),
        ),
    )

    def name(self) -> str:
        return "return_form"

    async def prepare(self, turn: Turn, form: Form) -> bool:
        """Open the order and refuse early what the shop would refuse at the end."""
        known = form.order is not None and form.order["number"] == form.get("order_number")
        await open_order(turn, form)
        if form.order is None or form.needs_digits or known:
            return True
        if form.get("item") not in {item["sku"] for item in returnable(form.order)}:
            form.clear("item")
        if form.order["status"] not in ("delivered", "completed", "refunding", "refunded"):
            _refuse(turn, form.order, "not_delivered")
            return False
        if not returnable(form.order):
            _refuse(turn, form.order, "already_returned")
            return False
        return True

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number, item = str(form.get("order_number")), str(form.get("item"))
        kind = "exchange" if form.get("resolution") == "exchange" else "return"
        data = {
            "sku": item,
            "quantity": 1,
            "reason": word(REASON, form.get("return_reason"), turn.lang),
            "pickup": form.get("pickup"),
        }
        if kind == "exchange" and form.get("exchange_size"):
            data["exchange_size"] = form.get("exchange_size")
        key = turn.key("start_return", f"{number}-{item}")
        try:
            case = await turn.client.cases_create(turn.conversation_id, kind, data, key=key, order_number=number)
        except HandoffError as error:
            if error.code not in ("not_returnable", "already_open"):
                raise
            known = (error.details.get("case") or {}).get("number", "")
            reason = "already_open" if known else str(error.details.get("reason") or "")
            _refuse(turn, form.order or {}, reason, known)
            return []
        response = "utter_exchange_created" if kind == "exchange" else "utter_return_created"
        turn.say(response, case=case["number"], **_summary(turn, form))
        turn.say("utter_return_by_door" if form.get("pickup") == "door" else "utter_return_by_drop_off")
        return []


def returnable(order: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The items that were not sent back yet (`returned` is a flag or a number of pieces)."""
    return [
        item
        for item in (order or {}).get("items", [])
        if int(item.get("returned") or 0) < int(item.get("quantity") or 1)
    ]


def _summary(turn: Turn, form: Form) -> dict[str, Any]:
    item: dict[str, Any] = next((i for i in (form.order or {}).get("items", []) if i["sku"] == form.get("item")), {})
    resolution = word(RESOLUTION, form.get("resolution"), turn.lang)
    if form.get("exchange_size"):
        resolution += f" → {form.get('exchange_size')}"
    return {
        "number": form.get("order_number"),
        "item_name": item_name(item, turn.lang) if item else form.get("item"),
        "reason": word(REASON, form.get("return_reason"), turn.lang),
        "resolution_name": resolution,
        "pickup_name": word(PICKUP, form.get("pickup"), turn.lang),
    }


def _refuse(turn: Turn, order: dict[str, Any], reason: str, case: str = "") -> None:
    why = word(RETURN_REFUSAL, reason, turn.lang) or word(RETURN_REFUSAL, "not_returnable", turn.lang)
    turn.offer_human(
        "utter_not_returnable",
        number=order.get("number", ""),
        status=word(ORDER_STATUS, order.get("status"), turn.lang),
        why=why.format(case=case),
        until=day(order.get("returnable_until"), turn.lang),
    )
