"""Short-handed mode: on when too many wait for too few, off when it is well over; by rule or by hand. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any


class Control(str, Enum):
    """Who decides."""

    AUTO = "auto"
    """The rule."""
    ON = "on"
    """A supervisor: on until he says otherwise."""
    OFF = "off"
    """A supervisor: off until he says otherwise."""


@dataclass(frozen=True)
class Load:
    """How it looks now. `wait` is the longest told p50 in seconds, None when unknown."""

    waiting: int
    agents: int
    wait: int | None = None

    @property
    def per_agent(self) -> float:
        """How many wait for each agent; with nobody there, all of them for one."""
        return self.waiting / max(1, self.agents)


@dataclass(frozen=True)
class Rule:
    """Above an `on` threshold for `after_seconds` it goes on; below both `off` thresholds as long, off (hysteresis)."""

    on_per_agent: float = 3.0
    off_per_agent: float = 1.0
    on_wait: float = 600.0
    off_wait: float = 180.0
    after_seconds: float = 60.0

    def strained(self, load: Load) -> bool:
        """Whether it should go on."""
        return load.per_agent >= self.on_per_agent or load.waiting > 0 and (load.wait or 0) >= self.on_wait

    def relaxed(self, load: Load) -> bool:
        """Whether it may go off."""
        return load.per_agent <= self.off_per_agent and (not load.waiting or (load.wait or 0) <= self.off_wait)


@dataclass(frozen=True)
class Mode:
    """Whether it is on, since when, by whom (`rule` or an agent's id)."""

    on: bool = False
    control: Control = Control.AUTO
    since: datetime | None = None
    by: str = "rule"
    crossed_at: datetime | None = None
    """Since when the load asks for the other state."""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Mode:
        """As stored by `to_json`."""
        since, crossed = (datetime.fromisoformat(t) if (t := value.get(k)) else None for k in ("since", "crossed_at"))
        return cls(bool(value["on"]), Control(value["control"]), since, str(value["by"]), crossed)

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        times = {k: t.isoformat() if (t := getattr(self, k)) else None for k in ("since", "crossed_at")}
        return {"on": self.on, "control": self.control.value, "by": self.by, **times}

    def set_by_hand(self, control: Control, agent_id: str, now: datetime) -> Mode:
        """What a supervisor decides: on, off, or the rule again, which goes on from how it is."""
        on = self.on if control is Control.AUTO else control is Control.ON
        since = now if on != self.on else self.since
        return Mode(on, control, since, agent_id, None)

    def after(self, load: Load, rule: Rule, now: datetime) -> Mode:
        """What the rule makes of it now; the same object when nothing changes."""
        if self.control is not Control.AUTO:
            return self
        asks = rule.relaxed(load) if self.on else rule.strained(load)
        if not asks:
            return self if self.crossed_at is None else replace(self, crossed_at=None)
        if self.crossed_at is None and rule.after_seconds > 0:
            return replace(self, crossed_at=now)
        if now - (self.crossed_at or now) < timedelta(seconds=rule.after_seconds):
            return self
        return Mode(not self.on, Control.AUTO, now, "rule", None)
