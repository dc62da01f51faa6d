"""Cancelling an order that has not left the house."""

from __future__ import annotations

import re

from bot.actions.form import FormAction
from bot.actions.form_steps import Form
from bot.actions.orders import DigitsStep, OrderStep, open_order
from bot.actions.reading import says_stop
from bot.actions.steps import ConfirmStep
from bot.actions.turn import Event, Turn
from bot.actions.wording import ORDER_STATUS, item_names, money, word
from handoff.client import HandoffError

# Inside this form "cancel it" means the order, not the conversation about it.
_CANCEL_IT = re.compile(
    r"^(?:确认|确定|就|帮我|直接|是的?,?)*取消(?:订单|这单|吧|掉|它|了)*[。!. ]*$"
    r"|^(?:yes,? )?(?:please )?cancel(?: it| the order| this order)?[.! ]*$",
    re.IGNORECASE,
)


class CancelOrderForm(FormAction):
    steps = (
        OrderStep(("unpaid", "paid", "packed")),
        DigitsStep(),
        ConfirmStep(
            "utter_confirm_cancel",
            lambda turn, form: {
                "number": form.get("order_number"),
                "items": item_names(form.order or {}, turn.lang, 3),
                "total": money((form.order or {}).get("total"), (form.order or {}).get("currency", "CNY")),
            },
            ("order_number",),
            also_yes=_CANCEL_IT,
        ),
    )

    def name(self) -> str:
        return "cancel_order_form"

    def stops(self, turn: Turn, form: Form) -> bool:
        return says_stop(turn) and (turn.pressed or not _CANCEL_IT.match(turn.text.strip()))

    async def prepare(self, turn: Turn, form: Form) -> bool:
        await open_order(turn, form)
        if form.order is not None and not form.order.get("cancellable"):
            _refuse(turn, form)
            return False
        return True

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number = str(form.get("order_number"))
        try:
            order = await turn.client.orders_cancel(turn.conversation_id, number, key=turn.key("cancel_order", number))
        except HandoffError as error:
            if error.code != "not_cancellable":
                raise
            _refuse(turn, form)
            return []
        turn.say("utter_order_cancelled", number=number, total=money(order["total"], order.get("currency", "CNY")))
        return []


def _refuse(turn: Turn, form: Form) -> None:
    order = form.order or {}
    status = word(ORDER_STATUS, order.get("status"), turn.lang)
    turn.offer_human("utter_not_cancellable", number=form.get("order_number"), status=status)
