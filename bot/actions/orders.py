"""Orders and parcels on cards, and the steps by which a form gets hold of the customer's order."""

from __future__ import annotations

import re
from typing import Any

from bot.actions.form_steps import AGAIN, Form, Step
from bot.actions.reading import order_number, overlap, phone_last4, wants_latest
from bot.actions.turn import Event, Turn, option
from bot.actions.wording import ORDER_STATUS, PARCEL_STATUS, day, item_names, money, named, word
from handoff.client import HandoffError

_NO_NUMBER = re.compile(
    r"不记得|忘了|忘记|记不|找不|不知道|没有|哪里?(?:能|可以)?(?:看|找|查)|在哪|怎么(?:看|找|查|办)|是什么"
    r"|don'?t (?:have|know|remember)|can(?:'?t|not) find|forgot|lost|where (?:do|can|is)|no idea|what(?:'?s| is) (?:that|it)",
    re.IGNORECASE,
)
# A name counts as said when most of it is in the text; the best one must stand clear of the next.
NAMED, CLEAR = 0.5, 0.2
_ANOTHER = re.compile(
    r"(?:换|改)(?:成|为)?(?:另|别|其他|一)[^,。]{0,3}(?:单|订单)|(?:另|别|其他)[外的一]{0,2}个?(?:单|订单)"
    r"|不是(?:这|那)个?(?:单|订单)|(?:another|different|other|wrong) order|not (?:this|that) order",
    re.IGNORECASE,
)


async def tell_orders(turn: Turn) -> list[Event]:
    """The order that was named, or the customer's newest ones to choose from. For use inside another form."""
    number = order_number(turn)
    if number:
        tell_order(turn, await turn.client.orders_lookup(turn.conversation_id, number))
        return []
    orders = (await turn.client.orders_list(turn.conversation_id))["orders"]
    if orders:
        turn.say("utter_orders", lines=order_lines(turn, orders))
    else:
        turn.say("utter_no_orders")
    return []


def order_lines(turn: Turn, orders: list[dict[str, Any]]) -> str:
    return "\n".join("· " + order_title(turn, order) for order in orders)


def order_title(turn: Turn, order: dict[str, Any]) -> str:
    return f"{order['number']} · {item_names(order, turn.lang)} · {word(ORDER_STATUS, order['status'], turn.lang)}"


def tell_order(turn: Turn, order: dict[str, Any]) -> None:
    """The order's card with a sentence that says where it stands."""
    shown = {name: value for name, value in order.items() if name not in ("customer_id", "phone_last4")}
    turn.say(
        "utter_order_status",
        {"type": "order", "order": shown},
        number=order["number"],
        status=word(ORDER_STATUS, order["status"], turn.lang),
        items=item_names(order, turn.lang, 3),
        total=money(order["total"], order.get("currency", "CNY")),
        placed=day(order.get("placed_at"), turn.lang),
    )


async def tell_parcels(turn: Turn) -> list[Event]:
    """Where the parcels of the named order, of the tracking number, or of the newest order under way are."""
    tracking = turn.entity("tracking_number")
    number = order_number(turn) or (None if tracking else turn.slot("order_number"))
    if not number and not tracking:
        orders = (await turn.client.orders_list(turn.conversation_id))["orders"]
        under_way = [order for order in orders if order.get("parcels")]
        if len(under_way) > 1 and not wants_latest(turn):
            on_the_way = [order for order in under_way if order["status"] == "shipped"]
            under_way = on_the_way if len(on_the_way) == 1 else under_way
        if not under_way:
            turn.say("utter_no_parcels" if orders else "utter_ask_order_number")
            return []
        if len(under_way) > 1 and not wants_latest(turn):
            choices = [
                option(order_title(turn, order), "track_parcel", order_number=order["number"])
                for order in under_way[:4]
            ]
            turn.ask("utter_which_order", choices)
            return []
        number = under_way[0]["number"]
    parcels = await turn.client.orders_parcel(turn.conversation_id, number, tracking)
    if not parcels:
        turn.say("utter_not_shipped_yet", number=number or tracking)
    for parcel in parcels:
        tell_parcel(turn, parcel)
    return []


def tell_parcel(turn: Turn, parcel: dict[str, Any]) -> None:
    events = parcel.get("events") or []
    newest = max(events, key=lambda event: str(event.get("at", ""))) if events else None
    latest = ""
    if newest:
        latest = f"{day(newest.get('at'), turn.lang)} {named(newest.get('place'), turn.lang)} {named(newest.get('text'), turn.lang)}"
    values = {
        "carrier": named(parcel.get("carrier"), turn.lang),
        "tracking": parcel["tracking_number"],
        "status": word(PARCEL_STATUS, parcel["status"], turn.lang),
        "latest": latest,
        "eta": day(parcel.get("eta"), turn.lang),
    }
    response = "utter_parcel_problem" if parcel["status"] == "exception" else "utter_parcel"
    if parcel["status"] not in ("delivered", "exception") and parcel.get("eta"):
        response = "utter_parcel_eta"
    turn.say(response, {"type": "parcel", "parcel": parcel}, **values)


def named_item(text: str, items: list[dict[str, Any]], *, alone: bool = False) -> str | None:
    """The sku of the item that a text names clearly. `alone`: a word of its name is enough when it is of no other's."""
    likely = sorted(((_likeness(text, item), str(item["sku"])) for item in items), reverse=True)
    if not likely:
        return None
    best, second = likely[0][0], likely[1][0] if len(likely) > 1 else 0.0
    if alone and best > 0 and second == 0:
        return likely[0][1]
    return likely[0][1] if best >= NAMED and best - second >= CLEAR else None


def _likeness(text: str, item: dict[str, Any]) -> float:
    if str(item["sku"]).lower() in text.lower():
        return 1.0
    return max(overlap(text, named(item.get("name"), lang)) for lang in ("zh", "en"))


class OrderStep(Step):
    """Which order: from a list for a customer we know, by its number for anyone."""

    slot = "order_number"
    checked_later = True

    def __init__(self, statuses: tuple[str, ...] = (), clears: tuple[str, ...] = ()) -> None:
        self._statuses = statuses
        self.clears = ("phone_last4", *clears)

    async def ask(self, turn: Turn, form: Form) -> None:
        orders = await self._eligible(turn)
        form.set("offered", [order["number"] for order in orders] or None)
        choices = [option(order_title(turn, order), order_number=order["number"]) for order in orders]
        turn.ask("utter_which_order" if orders else "utter_ask_order_number", choices)

    async def _eligible(self, turn: Turn) -> list[dict[str, Any]]:
        orders = (await turn.client.orders_list(turn.conversation_id))["orders"]
        fitting = [order for order in orders if not self._statuses or order["status"] in self._statuses]
        return list((fitting or orders)[:5])

    async def only_choice(self, turn: Turn, form: Form) -> Any | None:
        """The one order that this can be about; the questions that follow name it."""
        if not self._statuses:
            return None
        orders = (await turn.client.orders_list(turn.conversation_id))["orders"]
        fitting = [order for order in orders if order["status"] in self._statuses]
        if len(fitting) > 1 and (opening := form.get("opening")):
            fitting = [order for order in fitting if named_item(opening, order["items"], alone=True)] or fitting
        return fitting[0]["number"] if len(fitting) == 1 else None

    async def help(self, turn: Turn, form: Form) -> bool:
        if form.get("offered") or not _NO_NUMBER.search(turn.text):
            return False
        turn.offer_human("utter_order_number_help")
        return True

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        number = order_number(turn)
        if number:
            return number
        if _ANOTHER.search(turn.text):
            return AGAIN
        offered = form.get("offered") or []
        return offered[0] if asked and offered and wants_latest(turn) else None


class DigitsStep(Step):
    """The last four digits of the order's phone, when the customer's identity was not verified."""

    slot = "phone_last4"
    checked_later = True

    def needed(self, form: Form) -> bool:
        return form.needs_digits

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.say("utter_ask_phone_last4")

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        if asked or re.search(r"尾号|后四位|手机|电话|phone|digits", turn.text, re.IGNORECASE):
            return phone_last4(turn)
        return None


async def open_order(turn: Turn, form: Form) -> None:
    """Load the order the form names. Wrong number, wrong digits, somebody else's: one answer, and asked again."""
    number = form.get("order_number")
    if not number or (form.order and form.order["number"] == number):
        return
    form.order, form.needs_digits = None, False
    try:
        form.order = await turn.client.orders_lookup(turn.conversation_id, number, form.get("phone_last4"))
    except HandoffError as error:
        if error.code == "verification_required":
            form.needs_digits = True
        elif error.code == "order_not_found":
            turn.say("utter_order_not_found")
            form.clear("order_number", "phone_last4")
            form.set("misses", int(form.get("misses") or 0) + 1)
        else:
            raise
