"""Where an order stands."""

from __future__ import annotations

from bot.actions.form import FormAction
from bot.actions.form_steps import Form
from bot.actions.orders import DigitsStep, OrderStep, open_order, tell_order, tell_parcel
from bot.actions.turn import Event, Turn


class TrackOrderForm(FormAction):
    """The order, by list or by number and digits; then its card, and where its parcel is."""

    steps = (OrderStep(), DigitsStep())

    def name(self) -> str:
        return "track_order_form"

    async def prepare(self, turn: Turn, form: Form) -> bool:
        if not form.get("order_number") and turn.verified:
            orders = (await turn.client.orders_list(turn.conversation_id))["orders"]
            if not orders:
                turn.say("utter_no_orders")
                return False
            if len(orders) == 1:
                form.set("order_number", orders[0]["number"])
        await open_order(turn, form)
        return True

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number = str(form.get("order_number"))
        order = form.order or await turn.client.orders_lookup(turn.conversation_id, number)
        tell_order(turn, order)
        if order["status"] == "shipped":
            for parcel in await turn.client.orders_parcel(turn.conversation_id, number):
                tell_parcel(turn, parcel)
        return []
