"""Complaints: taken down in the customer's words, opened as a case, and a person offered or called."""

from __future__ import annotations

import re
from typing import Any

from bot.actions.form import FormAction
from bot.actions.form_steps import Form, Step
from bot.actions.reading import order_number
from bot.actions.turn import Event, SkillAction, Turn

# Measured anger from which nobody should talk to a machine any longer.
ANGRY = 0.6
# Shorter than this a complaint only announces itself ("我要投诉"): we ask what happened.
TELLING = 14
_LEGAL = re.compile(
    r"12315|消协|消费者协会|起诉|律师|法院|工商|举报|曝光|媒体|lawyer|sue|court|legal action|consumer protection",
    re.IGNORECASE,
)
_WANTS_HUMAN = re.compile(r"人工|真人|经理|主管|领导|找人|manager|supervisor|human|real person", re.IGNORECASE)


class ComplaintStep(Step):
    slot = "complaint_text"
    free_text = True

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.offer_human("utter_ask_complaint")

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        if asked or turn.pressed or len(turn.text) < TELLING:
            return None
        return turn.raw_text.strip()[:500]


class ComplaintForm(FormAction):
    """One question at the most; then a case. Anger, a word of the law, or the wish for a person call one at once."""

    steps = (ComplaintStep(),)

    def name(self) -> str:
        return "complaint_form"

    async def act(self, turn: Turn) -> list[Event]:
        running = turn.tracker.active_loop_name == self.name()
        # Whoever is that angry is not asked for more: what was said is the complaint.
        if not running and _urgent(turn) and not turn.pressed:
            form = Form(turn, self.slots())
            form.reset()
            form.set("complaint_text", turn.raw_text.strip()[:500])
            return [*await self.submit(turn, form), *self._end(form)]
        return await super().act(turn)

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number = order_number(turn) or turn.slot("order_number")
        case = await turn.client.cases_create(
            turn.conversation_id,
            "complaint",
            {"text": form.get("complaint_text"), **({"order_number": number} if number else {})},
            key=turn.key("complain", "complaint"),
        )
        if _urgent(turn):
            turn.say("utter_complaint_urgent", case=case["number"])
            legal = bool(_LEGAL.search(turn.text))
            turn.hand_over("legal" if legal else "complaint", "complaints", "urgent" if legal else "high")
        else:
            turn.offer_human("utter_complaint_created", case=case["number"])
        return []


class ActionNegativeFeedback(SkillAction):
    """ "没用", "答非所问": our answer did not help."""

    def name(self) -> str:
        return "action_negative_feedback"

    async def act(self, turn: Turn) -> list[Event]:
        turn.signal("negative_feedback")
        turn.offer_human("utter_negative_feedback")
        return []


def _urgent(turn: Turn) -> bool:
    return turn.anger >= ANGRY or bool(_LEGAL.search(turn.text) or _WANTS_HUMAN.search(turn.text))
