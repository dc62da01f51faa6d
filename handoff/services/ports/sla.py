"""The store's record of promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handoff.domain.ids import ConversationId


@dataclass(frozen=True)
class SlaEvent:
    """A promise that is about to be broken (`warning`) or was (`breach`); the clock is named by kind and start."""

    conversation_id: ConversationId
    kind: str
    since: datetime
    level: str
    due_at: datetime
    at: datetime
    team_id: str | None
    agent_id: str | None


class SlaEvents(Protocol):
    """What happened to promises."""

    def add(self, event: SlaEvent) -> bool:
        """Store it; False when somebody stored it before."""

    def known(self, ids: list[str]) -> set[tuple[str, str, datetime, str]]:
        """`(conversation_id, kind, since, level)` of all events of these conversations."""

    def since(self, at: datetime, limit: int) -> list[SlaEvent]:
        """The latest at or after `at`, newest first."""
