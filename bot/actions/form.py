"""The engine of our forms: ask step by step, accept answers in any order, corrections, questions in between, and no.

A form is a Rasa loop whose action is a custom action (docs/decisions/forms-as-loops.md). RulePolicy runs it on every
message until it sets the loop to null; `requested_slot` names the step that was asked last.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, ClassVar

from bot.actions import interjections
from bot.actions.form_steps import AGAIN, Form, Step
from bot.actions.reading import chosen, is_question, says_stop
from bot.actions.turn import Event, SkillAction, Turn
from bot.actions.wording import FORM, word

# After this many answers in a row that a form cannot use, a person takes over.
MAX_MISSES = 3
# After this many questions in a row about other things the form's own question is no longer repeated behind each answer.
MAX_ASIDES = 2
# Intents that begin another form, and its action: said inside a form, the customer has changed plans.
FORM_OF_INTENT = {
    "start_return": "return_form",
    "cancel_order": "cancel_order_form",
    "change_address": "change_address_form",
    "request_invoice": "invoice_form",
    "complain": "complaint_form",
}
# Said inside this form it is no question about something else, but the same wish again.
_SAME_WISH = {"track_order_form": ("track_order", "track_parcel")}
_NEVER_AN_ANSWER = ("greet", "thank", "bot_challenge")
_GO_ON = re.compile(
    r"^(?:继续|接着办|接着来|往下)[办吧弄来。!]*$|^(?:go on|continue|carry on|resume)[.! ]*$", re.IGNORECASE
)
# Below this a free answer ("地址写错了") is rather an answer than a change of plans.
SURE = 0.75


class FormAction(SkillAction):
    """A form: its steps in order, what to prepare before asking, and what to do at the end."""

    steps: ClassVar[tuple[Step, ...]]

    def slots(self) -> tuple[str, ...]:
        return tuple(step.slot for step in self.steps)

    async def prepare(self, turn: Turn, form: Form) -> bool:
        """Look up what the next question depends on. False: everything was said, the form is over."""
        return True

    @abstractmethod
    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        """Do it and say so. HandoffError leaves the form where it is."""

    async def act(self, turn: Turn) -> list[Event]:
        running = turn.tracker.active_loop_name == self.name()
        form = Form(turn, self.slots())
        if not running:
            form.reset()
            # What it is about is often said before we know enough to tell: "退那条裙子".
            form.set("opening", turn.text)
            self._take_volunteered(turn, form)
            if not await self.prepare(turn, form):
                return self._end(form)
            self._take_volunteered(turn, form)  # again: now the order's items can be told from other words
            return await self._proceed(turn, form)
        await self.prepare(turn, form)
        left = self._leave(turn, form)
        if left is not None:
            return left
        events = await self._listen(turn, form)
        if form.quiet:
            return [*events, *self._wait(turn, form)]
        return [*events, *await self._proceed(turn, form)]

    def stops(self, turn: Turn, form: Form) -> bool:
        if turn.intent == "stop" and not turn.pressed and self._answers(turn, form):
            return False
        return says_stop(turn)

    def _leave(self, turn: Turn, form: Form) -> list[Event] | None:
        """The events of leaving the form, if the customer wants out of it."""
        if self.stops(turn, form):
            turn.say("utter_stopped", what=word(FORM, self.name(), turn.lang))
            return self._end(form)
        if turn.intent == "goodbye" and turn.confidence >= SURE and not self._answers(turn, form):
            turn.say("utter_goodbye")
            return self._end(form)
        if turn.intent == "request_human":
            turn.say("utter_request_human")
            turn.hand_over("asked_for_human")
            return self._end(form)
        other = FORM_OF_INTENT.get(turn.intent)
        if (
            other
            and other != self.name()
            and (turn.pressed or turn.confidence >= SURE)
            and not self._answers(turn, form)
        ):
            return [*self._end(form), {"event": "followup", "name": other}]
        return None

    def _answers(self, turn: Turn, form: Form) -> bool:
        step = self._asked(form)
        return step is not None and (step.free_text or step.read(turn, form, True) is not None)

    def _asked(self, form: Form) -> Step | None:
        return next((step for step in self.steps if step.slot == form.get("requested_slot")), None)

    async def _listen(self, turn: Turn, form: Form) -> list[Event]:
        """Put the message's answers into the form; or answer its question and leave the form as it was."""
        if turn.pressed and turn.intent == "inform":
            return self._press(turn, form)
        if turn.pressed and interjections.knows(turn.intent):
            return await self._aside(turn, form)
        step = self._asked(form)
        value = None
        if step is not None:
            value = chosen(turn, form.get("offered") or [])
            value = step.read(turn, form, True) if value is None else value
        if value is None and self._interrupts(turn, step):
            return await self._aside(turn, form)
        changed = self._take_volunteered(turn, form, but=step)
        form.denied = form.denied and not changed
        if step is not None and value is None and not changed and step.free_text:
            value = turn.raw_text.strip()[:500] or None
        if step is not None and value is not None:
            self._put(form, step, value)
        elif not changed:
            if self._same_wish(turn) or _GO_ON.match(turn.text.strip()):
                pass  # asked again below
            elif step is not None and await step.help(turn, form):
                form.quiet = True
            elif is_question(turn) and await interjections.answer_from_faq(turn):
                self._count_aside(form)
                return []
            else:
                self._miss(turn, form)
                form.set("asides", None)
                return []
        form.set("asides", None)
        if step is None or not step.checked_later:
            form.set("misses", None)
        return []

    async def _aside(self, turn: Turn, form: Form) -> list[Event]:
        form.set("misses", None)
        events = await interjections.answer(turn)
        self._count_aside(form)
        return events

    def _count_aside(self, form: Form) -> None:
        form.set("asides", int(form.get("asides") or 0) + 1)
        form.quiet = int(form.get("asides")) >= MAX_ASIDES

    def _wait(self, turn: Turn, form: Form) -> list[Event]:
        """Behind an answer to something else: a form with answers in it waits and says so once, an empty one is over."""
        if form.get("asides") is not None:
            if not any(form.get(slot) for slot in self.slots()):
                return self._end(form)
            if int(form.get("asides")) == MAX_ASIDES:
                turn.say("utter_form_waits", what=word(FORM, self.name(), turn.lang))
        return [*form.events(), {"event": "active_loop", "name": self.name()}]

    def _same_wish(self, turn: Turn) -> bool:
        return FORM_OF_INTENT.get(turn.intent) == self.name() or turn.intent in _SAME_WISH.get(self.name(), ())

    def _interrupts(self, turn: Turn, step: Step | None) -> bool:
        if not interjections.knows(turn.intent) or self._same_wish(turn):
            return False
        if step is None or not step.free_text:
            return True
        return is_question(turn) or turn.intent in _NEVER_AN_ANSWER and turn.confidence >= SURE

    def _press(self, turn: Turn, form: Form) -> list[Event]:
        change = turn.entity("change")
        step = next((s for s in self.steps if turn.entity(s.slot) is not None), None)
        if change in self.slots():
            form.clear(change, *self._step(change).clears, "confirmed")
            form.rejected.add(str(change))
        elif step is not None:
            self._put(form, step, turn.entity(step.slot))
        else:
            self._miss(turn, form)
            return []
        form.set("misses", None)
        form.set("asides", None)
        return []

    def _step(self, slot: str) -> Step:
        return next(step for step in self.steps if step.slot == slot)

    def _take_volunteered(self, turn: Turn, form: Form, but: Step | None = None) -> bool:
        """Take what the message says of steps that were not asked: early answers and corrections."""
        changed = False
        for step in self.steps:
            if step is but:
                continue
            value = step.read(turn, form, False)
            if value is not None and value != form.get(step.slot):
                self._put(form, step, value)
                changed = True
        return changed

    def _put(self, form: Form, step: Step, value: Any) -> None:
        if value != form.get(step.slot):
            form.clear(*step.clears)
        if value is AGAIN:
            form.rejected.add(step.slot)
        form.set(step.slot, None if value is AGAIN else value)

    def _miss(self, turn: Turn, form: Form) -> None:
        form.set("misses", int(form.get("misses") or 0) + 1)
        if int(form.get("misses")) < MAX_MISSES:
            turn.say("utter_form_not_understood")

    async def _proceed(self, turn: Turn, form: Form) -> list[Event]:
        if not await self.prepare(turn, form):
            return self._end(form)
        if int(form.get("misses") or 0) >= MAX_MISSES:
            turn.signal("form_failed")
            turn.say("utter_form_failed")
            turn.hand_over("form_failed", "after_sales")
            return self._end(form)
        for step in self.steps:
            if form.get(step.slot) is not None or not step.needed(form):
                continue
            only = await step.only_choice(turn, form) if step.slot not in form.rejected else None
            if only is not None:
                form.set(step.slot, only)
                return await self._proceed(turn, form)
            form.set("requested_slot", step.slot)
            form.set("offered", step.options(turn, form) or None)
            await step.ask(turn, form)
            return [*form.events(), {"event": "active_loop", "name": self.name()}]
        events = await self.submit(turn, form)
        return [*events, *self._end(form)]

    def _end(self, form: Form) -> list[Event]:
        form.clear("requested_slot", "offered", "misses", "asides", "opening", "confirmed")
        return [*form.events(), {"event": "active_loop", "name": None}]
