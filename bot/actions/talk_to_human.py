"""The customer wants a person: one sentence, and the gateway takes it from there."""

from __future__ import annotations

from bot.actions.turn import Event, SkillAction, Turn


class ActionRequestHuman(SkillAction):
    def name(self) -> str:
        return "action_request_human"

    async def act(self, turn: Turn) -> list[Event]:
        turn.say("utter_request_human")
        turn.hand_over("asked_for_human")
        return []
