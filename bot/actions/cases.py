"""How a return, an exchange or a complaint is coming along."""

from __future__ import annotations

from typing import Any

from bot.actions import faq
from bot.actions.reading import order_number
from bot.actions.turn import Event, SkillAction, Turn, option
from bot.actions.wording import CASE_KIND, CASE_STATUS, day, word

# More than this nobody reads in a chat.
MAX_TOLD = 3


class ActionCheckCaseStatus(SkillAction):
    def name(self) -> str:
        return "action_check_case_status"

    async def act(self, turn: Turn) -> list[Event]:
        return await tell_cases(turn)


async def tell_cases(turn: Turn) -> list[Event]:
    """The newest cases with their state, and what the human who was here last noted; or how to begin one."""
    cases = await turn.client.cases_list(turn.conversation_id)
    number = order_number(turn)
    about = [case for case in cases if number and case.get("order_number") == number] or cases
    if not about:
        # "退款几天到账" of somebody who has returned nothing is a question to the knowledge base.
        if await faq.answer_if_sure(turn):
            return []
        title = "申请退换货" if turn.lang == "zh" else "Start a return"
        turn.ask("utter_no_cases", [option(title, "start_return")])
        return []
    lines = "\n".join(_line(turn, case) for case in about[:MAX_TOLD])
    turn.say("utter_cases", lines=lines)
    if turn.slot("handoff_summary"):
        turn.say("utter_human_noted", summary=turn.slot("handoff_summary"))
    return []


def _line(turn: Turn, case: dict[str, Any]) -> str:
    kind, status = word(CASE_KIND, case["kind"], turn.lang), word(CASE_STATUS, case["status"], turn.lang)
    due = day(case["due_at"], turn.lang) if case.get("due_at") and case["status"] in ("open", "in_progress") else ""
    order = case.get("order_number") or ""
    if turn.lang == "en":
        return f"· {case['number']} ({kind}{f', order {order}' if order else ''}): {status}{f', we answer by {due}' if due else ''}"
    return f"· {case['number']}（{kind}{f'，订单 {order}' if order else ''}）：{status}{f'，预计{due}前给您答复' if due else ''}"
