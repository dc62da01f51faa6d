"""Steps that more than one form asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.actions.form_steps import AGAIN, Form, Step
from bot.actions.reading import email, yes_or_no
from bot.actions.turn import Turn, option
from bot.actions.wording import CHANGE, PART, STOP, YES, Words, word


class ConfirmStep(Step):
    """The summary, and the customer's yes. After a bare no: what should be different?"""

    slot = "confirmed"

    def __init__(
        self,
        response: str,
        values: Callable[[Turn, Form], dict[str, Any]],
        parts: tuple[str, ...],
        also_yes: re.Pattern[str] | None = None,
    ) -> None:
        self._also_yes = also_yes
        self._response = response
        self._values = values
        self._parts = parts

    async def ask(self, turn: Turn, form: Form) -> None:
        if form.denied and self._parts:
            known = [part for part in self._parts if form.get(part) is not None]
            choices = [option(word(PART, part, turn.lang), change=part) for part in known]
            turn.ask("utter_what_to_change", [*choices, option(STOP[turn.lang], "stop")])
            return
        choices = [option(YES[turn.lang], confirmed=True)]
        if self._parts:
            choices.append(option(CHANGE[turn.lang], confirmed=False))
        turn.ask(self._response, [*choices, option(STOP[turn.lang], "stop")], **self._values(turn, form))

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        if not asked:
            return None
        pressed = turn.entity("confirmed") if turn.pressed else None
        answer = pressed if isinstance(pressed, bool) else yes_or_no(turn)
        if self._also_yes is not None and not turn.pressed and self._also_yes.match(turn.text.strip()):
            return True
        if answer is False:
            form.denied = True
            return AGAIN
        return answer


class ChoiceStep(Step):
    """One of a few words, by button or by saying it: the entity is called as the slot."""

    def __init__(self, slot: str, response: str, words: Words, *, clears: tuple[str, ...] = ()) -> None:
        self.slot = slot
        self.clears = clears
        self._response = response
        self._words = words

    def options(self, turn: Turn, form: Form) -> list[Any]:
        return list(self._words)

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.ask(self._response, [option(word(self._words, v, turn.lang), **{self.slot: v}) for v in self._words])

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        """What was said last: "我不是要退款,是换货" means the second."""
        said = [e["value"] for e in turn.entities if e.get("entity") == self.slot and e.get("value") in self._words]
        return said[-1] if said else None


class EmailStep(Step):
    slot = "email"

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.say("utter_ask_email")

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        return email(turn)
