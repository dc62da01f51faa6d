"""Cases: what must be done for a customer after the talking, with an owner and a due time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from handoff.domain.errors import Conflict
from handoff.domain.ids import CaseId, ConversationId, CustomerId


class CaseKind(str, Enum):
    """What the customer wants."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REFUND_ONLY = "refund_only"
    REPAIR = "repair"
    COMPLAINT = "complaint"
    FEEDBACK = "feedback"
    SUGGESTION = "suggestion"
    CALLBACK = "callback"

    @property
    def after_sales(self) -> bool:
        """Whether it concerns an item of an order and has an effect in the shop."""
        return self in (CaseKind.RETURN, CaseKind.EXCHANGE, CaseKind.REFUND_ONLY, CaseKind.REPAIR)


class CaseStatus(str, Enum):
    """Where a case stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def live(self) -> bool:
        """Whether it is being dealt with."""
        return self in (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)


_MAY_BECOME = {
    CaseStatus.OPEN: {CaseStatus.IN_PROGRESS, CaseStatus.DONE, CaseStatus.REJECTED, CaseStatus.CANCELLED},
    CaseStatus.IN_PROGRESS: {CaseStatus.OPEN, CaseStatus.DONE, CaseStatus.REJECTED, CaseStatus.CANCELLED},
    CaseStatus.DONE: {CaseStatus.IN_PROGRESS},
    CaseStatus.REJECTED: {CaseStatus.IN_PROGRESS},
    CaseStatus.CANCELLED: {CaseStatus.OPEN},
}

# How long until somebody must have acted: a complaint the same day, a return while the parcel can still be fetched.
DUE_WITHIN = {
    CaseKind.RETURN: timedelta(hours=48),
    CaseKind.EXCHANGE: timedelta(hours=48),
    CaseKind.REFUND_ONLY: timedelta(hours=24),
    CaseKind.REPAIR: timedelta(hours=72),
    CaseKind.COMPLAINT: timedelta(hours=8),
    CaseKind.FEEDBACK: timedelta(days=7),
    CaseKind.SUGGESTION: timedelta(days=7),
    CaseKind.CALLBACK: timedelta(hours=4),
}

# The letter of the case number, so that people know on the phone what it is.
LETTER = {
    CaseKind.RETURN: "R",
    CaseKind.EXCHANGE: "E",
    CaseKind.REFUND_ONLY: "M",
    CaseKind.REPAIR: "W",
    CaseKind.COMPLAINT: "C",
    CaseKind.FEEDBACK: "F",
    CaseKind.SUGGESTION: "S",
    CaseKind.CALLBACK: "B",
}

TEAM = {
    CaseKind.COMPLAINT: "complaints",
    CaseKind.FEEDBACK: "complaints",
    CaseKind.SUGGESTION: "complaints",
}


@dataclass(frozen=True)
class Case:
    """A case. The case is the truth; what the shop does is its effect."""

    id: CaseId
    number: str
    kind: CaseKind
    status: CaseStatus
    customer_id: CustomerId
    conversation_id: ConversationId | None
    order_number: str | None
    summary: str
    data: dict[str, Any] = field(default_factory=dict)
    effect: dict[str, Any] | None = None
    """What the shop answered; None while it has not happened yet."""
    team_id: str | None = None
    agent_id: str | None = None
    due_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    subject: str | None = None
    """What it is about, where two at a time would be one too many: of that, one case is live. See `subject_of`."""

    def check_move(self, status: CaseStatus) -> None:
        """Raises Conflict when `status` cannot follow."""
        if status is not self.status and status not in _MAY_BECOME[self.status]:
            raise Conflict(f"a case that is {self.status.value} cannot become {status.value}", code="illegal_status")


def subject_of(kind: CaseKind, order_number: str | None, data: dict[str, Any]) -> str | None:
    """An item of an order, for all kinds that send goods or money back; None for cases that may stand side by side."""
    return f"{order_number}:{data['sku']}" if kind.after_sales else None
