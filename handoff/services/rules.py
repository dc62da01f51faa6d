"""The rules of the house as they hold now: what people set while it runs, else what the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handoff.domain.escalation import Thresholds
from handoff.domain.hours import BusinessHours
from handoff.domain.short_handed import Mode
from handoff.domain.sla import SlaPolicy
from handoff.services.context import Policy
from handoff.services.ports import Transaction

HOURS, SLA, SHORT_HANDED = "hours", "sla", "short_handed"


def team_hours_name(team_id: str) -> str:
    """The rule that holds a team's own hours."""
    return f"hours:{team_id}"


@dataclass(frozen=True)
class Rules:
    """What holds now."""

    hours: BusinessHours
    team_hours: Mapping[str, BusinessHours]
    sla: SlaPolicy
    mode: Mode

    @property
    def calendars(self) -> list[BusinessHours]:
        """All hours that hold for somebody."""
        return [self.hours, *self.team_hours.values()]

    def hours_of(self, team_id: str | None) -> BusinessHours:
        """The team's own hours, else those of the house."""
        return self.team_hours.get(team_id or "", self.hours)


def rules_of(tx: Transaction, policy: Policy) -> Rules:
    """Read them: one query."""
    stored = tx.rules.all()
    prefix = team_hours_name("")
    hours, sla, mode = stored.get(HOURS), stored.get(SLA), stored.get(SHORT_HANDED)
    return Rules(
        hours=BusinessHours.from_json(hours) if hours else policy.hours,
        team_hours={
            name.removeprefix(prefix): BusinessHours.from_json(value)
            for name, value in stored.items()
            if name.startswith(prefix)
        },
        sla=SlaPolicy.from_json(sla) if sla else SlaPolicy(),
        mode=Mode.from_json(mode) if mode else Mode(),
    )


def thresholds_now(tx: Transaction, policy: Policy) -> Thresholds:
    """Those of the escalation rules: higher while hands are short."""
    return policy.short_thresholds if rules_of(tx, policy).mode.on else policy.thresholds
