"""What is to be sent to a social network, and how long to wait after a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from handoff.domain.ids import ConversationId, CustomerId, InboxId

# Inboxes whose customers read the log themselves; to all others a network carries the words.
READ_BY_CUSTOMERS = "web"
# About 20 minutes in all; after that the words are old and a human must look.
MAX_ATTEMPTS = 10
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 300.0


class OutgoingState(str, Enum):
    """Where a message to a network stands."""

    PENDING = "pending"
    """To be sent, or being sent."""
    SENT = "sent"
    """The network has taken it."""
    DEAD = "dead"
    """Given up; a human may send it again."""


@dataclass(frozen=True)
class Outgoing:
    """One public message of the log on its way to a network."""

    id: str
    conversation_id: ConversationId
    seq: int
    customer_id: CustomerId
    inbox_id: InboxId
    channel: str
    state: OutgoingState
    attempts: int
    due_at: datetime
    """When it is tried next; while somebody sends it, when somebody else may."""
    claim: str | None
    error: str | None
    network_id: str | None
    created_at: datetime
    finished_at: datetime | None


def wait_after(attempt: int, share: float, retry_after: float | None = None) -> float:
    """Seconds until the next attempt. `share` (0 to 1, drawn by lot) spreads those that failed together over half of the time.

    A network that says when it will take more is believed, and asked a little later than that.
    """
    wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1))
    spread = wait * (0.5 + share / 2)
    return spread if retry_after is None else retry_after + spread * 0.2
