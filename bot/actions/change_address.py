"""A new delivery address, while the parcel is still with us."""

from __future__ import annotations

import re
from typing import Any

from bot.actions.form import FormAction
from bot.actions.form_steps import Form, Step
from bot.actions.orders import DigitsStep, OrderStep, open_order
from bot.actions.steps import ConfirmStep
from bot.actions.turn import Event, Turn
from bot.actions.wording import ORDER_STATUS, word
from handoff.client import HandoffError

_LOOKS_LIKE = re.compile(
    r"省|市|区|县|镇|乡|村|路|街|道|巷|弄|号|楼|栋|室|大厦|road|street|avenue|st\.|rd\.|ave|apt|building", re.IGNORECASE
)
_GIVEN = re.compile(
    r"(?:改成|改为|改到|换成|换到|寄到|送到|地址是|地址为|新地址[是:：]?|(?:change|deliver|send|ship)(?: it)? to|address is)"
    r"\s*[:：]?\s*(.{6,200})",
    re.IGNORECASE,
)
MIN_ADDRESS = 6


class AddressStep(Step):
    """The new address in one text, as people paste it."""

    slot = "new_address"

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.say("utter_ask_new_address")

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        given = _GIVEN.search(turn.raw_text)
        if given and len(_LOOKS_LIKE.findall(given[1])) >= 2:
            return given[1].strip()[:200]
        text = turn.raw_text.strip()
        plausible = len(text) >= MIN_ADDRESS and len(_LOOKS_LIKE.findall(text)) >= (1 if re.search(r"\d", text) else 2)
        again = form.get("new_address") is not None and turn.intent in ("inform", "correct", "change_address")
        return text[:200] if plausible and (asked or again) else None


class ChangeAddressForm(FormAction):
    steps = (
        OrderStep(("unpaid", "paid", "packed")),
        DigitsStep(),
        AddressStep(),
        ConfirmStep(
            "utter_confirm_address",
            lambda turn, form: {"number": form.get("order_number"), "address": form.get("new_address")},
            ("order_number", "new_address"),
        ),
    )

    def name(self) -> str:
        return "change_address_form"

    async def prepare(self, turn: Turn, form: Form) -> bool:
        await open_order(turn, form)
        if form.order is not None and not form.order.get("address_changeable"):
            _refuse(turn, form)
            return False
        return True

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number, text = str(form.get("order_number")), str(form.get("new_address"))
        key = turn.key("change_address", number)
        try:
            await turn.client.orders_address(turn.conversation_id, number, text, key=key)
        except HandoffError as error:
            if error.code != "address_locked":
                raise
            _refuse(turn, form)
            return []
        turn.say("utter_address_changed", number=number, address=text)
        return []


def _refuse(turn: Turn, form: Form) -> None:
    status = word(ORDER_STATUS, (form.order or {}).get("status"), turn.lang)
    turn.offer_human("utter_address_locked", number=form.get("order_number"), status=status)
