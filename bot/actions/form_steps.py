"""The state of a form during a turn, and what a step of a form is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from bot.actions.turn import Event, Turn, slot_set


class Form:
    """The answers so far, during one turn."""

    def __init__(self, turn: Turn, slots: tuple[str, ...]) -> None:
        self._slots = (*slots, "requested_slot", "offered", "misses", "asides", "opening")
        self._before = {name: turn.slot(name) for name in self._slots}
        self._now = dict(self._before)
        self.order: dict[str, Any] | None = None  # the order that `order_number` names, once it was opened
        self.needs_digits = False  # the order opens only with the last four digits of its phone
        self.rejected: set[str] = set()  # slots of which the customer said "not this one"
        self.denied = False  # the summary was wrong, and the customer did not say what
        self.quiet = False  # the customer talks about something else: the question is not repeated

    def get(self, slot: str) -> Any:
        return self._now.get(slot)

    def set(self, slot: str, value: Any) -> None:
        self._now[slot] = value

    def clear(self, *slots: str) -> None:
        for slot in slots:
            self._now[slot] = None

    def reset(self) -> None:
        self.clear(*self._slots)

    def events(self) -> list[Event]:
        return [slot_set(name, value) for name, value in self._now.items() if value != self._before.get(name)]


class Step(ABC):
    """One answer that a form needs."""

    slot: str
    clears: tuple[str, ...] = ()  # answers that do not survive a change of this one
    checked_later: ClassVar[bool] = False  # being understood is not yet success: `prepare` counts the misses
    free_text: ClassVar[bool] = False  # any text is an answer, unless it is clearly something else

    def needed(self, form: Form) -> bool:
        return True

    @abstractmethod
    async def ask(self, turn: Turn, form: Form) -> None: ...

    @abstractmethod
    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        """The answer in this message if it is certain. Not asked: only what cannot mean another thing."""

    def options(self, turn: Turn, form: Form) -> list[Any]:
        """The values offered as buttons, in order: so that "the second one" can be understood later."""
        return []

    async def help(self, turn: Turn, form: Form) -> bool:
        """Whether the customer said why he cannot answer, and was told what he can do."""
        return False

    async def only_choice(self, turn: Turn, form: Form) -> Any | None:
        """The answer when there is nothing to ask."""
        return None


class _Again:
    """The answer "not this one": the step is asked again."""


AGAIN = _Again()
