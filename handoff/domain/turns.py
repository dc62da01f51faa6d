"""Bot turns and handoffs: what is remembered of the bot's understanding, and of each passage to a human."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from handoff.domain.escalation import TurnView
from handoff.domain.ids import AgentId, ConversationId, CustomerId, HandoffId, TeamId


class TurnState(str, Enum):
    """Where a bot turn stands."""

    RUNNING = "running"
    """Claimed by a gateway until its claim expires."""
    ANSWERED = "answered"
    """Its answer is in the log."""
    FAILED = "failed"
    """Tried as often as allowed; the customer was told."""
    LATE = "late"
    """A human had taken over; its answer is a private draft, or there is none."""


@dataclass(frozen=True)
class BotTurn:
    """The customer messages `first_seq` to `last_seq`, answered together. The row fixes the text for good."""

    conversation_id: ConversationId
    turn_no: int
    first_seq: int
    last_seq: int
    epoch: int
    attempt: int
    claim: str
    state: TurnState
    text: str
    parse_data: dict[str, Any] | None = None
    created_at: datetime | None = None

    @property
    def id(self) -> str:
        """Rasa's message id and the root of all idempotency keys of this turn."""
        return f"{self.conversation_id}:{self.turn_no}"


@dataclass(frozen=True)
class ClaimedTurn:
    """A turn that this gateway may run now, and nobody else until the claim expires."""

    turn: BotTurn
    request: dict[str, Any]
    """What the bot is sent."""
    process: str | None
    """The Rasa process that gets it; None: none is up."""


@dataclass(frozen=True)
class TurnRecord:
    """What a finished turn understood, for people and for the escalation policy."""

    turn_no: int
    first_seq: int
    last_seq: int
    epoch: int
    state: TurnState
    text: str
    intent: str | None
    confidence: float | None
    ranking: list[dict[str, Any]]
    entities: list[dict[str, Any]]
    mood: dict[str, Any] | None
    signals: list[str]
    took_ms: int | None

    def view(self) -> TurnView:
        """As the escalation policy sees it."""
        return TurnView(
            seq=self.last_seq,
            text=self.text,
            intent=self.intent,
            confidence=self.confidence or 0.0,
            anger=float((self.mood or {}).get("anger") or 0.0),
            signals=tuple(self.signals),
        )


@dataclass(frozen=True)
class BotAnswer:
    """What the bot said to one turn."""

    messages: list[dict[str, Any]]
    nlu: dict[str, Any]
    slots: dict[str, Any]
    signals: list[str]
    handoff: dict[str, Any] | None
    locale: str | None
    took_ms: int = 0
    process: str | None = None
    """Which of the bot's processes gave it: another one may not know of it."""


@dataclass(frozen=True)
class Handoff:
    """One passage from bot to human: promise 3 in a row."""

    id: HandoffId
    conversation_id: ConversationId
    customer_id: CustomerId
    reason: str
    reasons: list[dict[str, Any]]
    signals: list[str]
    summary: str
    slots: dict[str, Any]
    team_id: TeamId
    priority: str
    requested_at: datetime
    accepted_at: datetime | None = None
    accepted_by: AgentId | None = None
    accepted_name: str | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    asked: list[str] = field(default_factory=list)
    """Agents it rang at, in order, since it last went around."""
    ringing: AgentId | None = None
    ring_until: datetime | None = None
    needs: list[str] = field(default_factory=list)
    """Skills that would help."""
    told: dict[str, int] | None = None
    """The wait that the customer was told when he began to wait: `{"position", "p50", "p90"}`, seconds."""
    pickup_seconds: float | None = None
    """From its last ring to its accept."""


@dataclass(frozen=True)
class Ring:
    """Of one who waits: at whom it rings, and until when."""

    handoff_id: HandoffId
    conversation_id: ConversationId
    team_id: TeamId
    ringing: AgentId | None
    ring_until: datetime | None

    def rings(self, now: datetime) -> bool:
        """Whether it rings at `now`."""
        return self.ringing is not None and self.ring_until is not None and self.ring_until > now
