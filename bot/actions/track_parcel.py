"""Where a parcel is."""

from __future__ import annotations

from bot.actions.orders import tell_parcels
from bot.actions.turn import Event, SkillAction, Turn
from handoff.client import HandoffError


class ActionTrackParcel(SkillAction):
    def name(self) -> str:
        return "action_track_parcel"

    async def act(self, turn: Turn) -> list[Event]:
        try:
            return await tell_parcels(turn)
        except HandoffError as error:
            if error.code != "verification_required":
                raise
            # The form that opens an order asks for the digits and shows the parcel too.
            return [{"event": "followup", "name": "track_order_form"}]
