"""Where a parcel is."""

from __future__ import annotations

from bot.actions.orders import tell_parcels
from bot.actions.reading import order_number
from bot.actions.turn import Event, SkillAction, Turn
from handoff.client import HandoffError


class ActionTrackParcel(SkillAction):
    def name(self) -> str:
        return "action_track_parcel"

    async def act(self, turn: Turn) -> list[Event]:
        try:
            if not turn.verified and not order_number(turn) and not turn.entity("tracking_number"):
                if not (await turn.client.orders_list(turn.conversation_id))["orders"]:
                    return [{"event": "followup", "name": "track_order_form"}]
            return await tell_parcels(turn)
        except HandoffError as error:
            if error.code != "verification_required":
                raise
            # The form that opens an order asks for the digits and shows the parcel too.
            return [{"event": "followup", "name": "track_order_form"}]
