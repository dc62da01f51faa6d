"""Who owns a conversation, and what may follow: the state machine behind promise 2."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from handoff.domain.errors import IllegalOwner
from handoff.domain.ids import ConversationId, CustomerId, HandoffId, InboxId, TeamId

# A message within this time after the end goes on with the same conversation; later ones begin a new, linked one.
REOPEN_WITHIN = timedelta(hours=72)


class OwnerType(str, Enum):
    """Who answers the customer now."""

    BOT = "bot"
    """The bot: customer messages become bot turns."""
    QUEUE = "queue"
    """Nobody yet: a human was asked for and none has accepted."""
    AGENT = "agent"
    """One human agent; the bot is silent."""


class Status(str, Enum):
    """Where a conversation stands, apart from who owns it."""

    OPEN = "open"
    """Going on."""
    SNOOZED = "snoozed"
    """Put away until a time or a new message."""
    RESOLVED = "resolved"
    """Ended; a message within 72 hours reopens it."""


class Priority(str, Enum):
    """What the queue orders by first."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for normal, 2 for urgent: stored beside the name so that SQL can order."""
        return ("normal", "high", "urgent").index(self.value)


@dataclass(frozen=True)
class Owner:
    """The owner as an actor believes it to be; any change of owner adds 1 to `epoch`."""

    type: OwnerType
    id: str | None
    name: str | None
    epoch: int

    @classmethod
    def bot(cls, epoch: int) -> Owner:
        """The bot, as claimed at `epoch`."""
        return cls(OwnerType.BOT, None, None, epoch)

    @classmethod
    def agent(cls, id: str, name: str, epoch: int) -> Owner:
        """A human agent who saw `epoch`."""
        return cls(OwnerType.AGENT, id, name, epoch)


_MAY_BECOME = {
    OwnerType.BOT: {OwnerType.BOT, OwnerType.QUEUE, OwnerType.AGENT},
    OwnerType.QUEUE: {OwnerType.AGENT, OwnerType.BOT, OwnerType.QUEUE},
    OwnerType.AGENT: {OwnerType.AGENT, OwnerType.QUEUE, OwnerType.BOT},
}


class Head(NamedTuple):
    """What readers must be told of when it moves; each number only grows."""

    last_seq: int
    epoch: int
    read_seq: int
    customer_read_seq: int

    def goes_beyond(self, other: Head) -> bool:
        """Whether something of it is news to who knows `other`."""
        return any(mine > known for mine, known in zip(self, other, strict=True))


@dataclass(frozen=True)
class Conversation:
    """A log of messages with one customer, over all channels."""

    id: ConversationId
    customer_id: CustomerId
    inbox_id: InboxId
    status: Status
    owner: Owner
    last_seq: int
    last_public_seq: int
    last_customer_seq: int
    bot_seq: int
    """The last customer message that the bot answered or that was taken off it."""
    known_seq: int
    """The last customer message that the bot knows of; what was said after it is sent as `history` with its next turn."""
    turn_no: int
    locale: str
    priority: Priority
    team_id: TeamId | None
    handoff_id: HandoffId | None
    waiting_since: datetime | None
    """In the queue since."""
    slots: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    last_message: dict[str, Any] | None = None
    read_seq: int = 0
    """The last message that the owning agent has read."""
    customer_read_seq: int = 0
    previous_id: ConversationId | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    resolved_at: datetime | None = None
    human_since: datetime | None = None
    """Since when this passage is a human's task; None with the bot. Kept through transfers and new waits."""
    queue_due_at: datetime | None = None
    """When a first answer was due to who waits: what the queue orders by after priority."""
    awaiting_since: datetime | None = None
    """Since when the customer waits for a human's words; `append` moves it."""
    responded_at: datetime | None = None
    """When a human first answered in this passage; `append` moves it."""

    @property
    def head(self) -> Head:
        """How far it has come."""
        return Head(self.last_seq, self.owner.epoch, self.read_seq, self.customer_read_seq)

    @property
    def public_read_seq(self) -> int:
        """How far the agent has read, as the customer may know it: not that there is a note behind."""
        return min(self.read_seq, self.last_public_seq)

    @property
    def unanswered(self) -> bool:
        """Whether the bot owes an answer."""
        return self.status is Status.OPEN and self.owner.type is OwnerType.BOT and self.last_customer_seq > self.bot_seq

    def give_to(self, type: OwnerType, id: str | None = None, name: str | None = None) -> Conversation:
        """The same conversation with another owner and the next epoch. Raises IllegalOwner."""
        if type not in _MAY_BECOME[self.owner.type]:
            raise IllegalOwner(f"{self.owner.type.value} cannot become {type.value}")
        given = replace(self, owner=Owner(type, id, name, self.owner.epoch + 1))
        if type is not OwnerType.BOT:
            return given
        # With the bot no promise of a human runs.
        return replace(
            given, waiting_since=None, human_since=None, queue_due_at=None, awaiting_since=None, responded_at=None
        )

    def may_reopen(self, now: datetime) -> bool:
        """Whether a message at `now` goes on with this ended conversation."""
        return self.resolved_at is not None and now - self.resolved_at <= REOPEN_WITHIN
