"""What readers are told: facts that are already committed, and what passes and is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from handoff.domain.conversation import Conversation
from handoff.domain.ids import ConversationId
from handoff.domain.message import Message
from handoff.domain.turns import ClaimedTurn
from handoff.domain.wait import Wait


@dataclass(frozen=True)
class Change:
    """What one transaction did to a conversation: facts for the readers."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    owner_changed: bool = False
    previous_owner: str | None = None
    """The agent who lost it, if one did."""
    queue_changed: bool = False
    ring: str | None = None
    """The agent whose desk rings now."""
    claimed: ClaimedTurn | None = None
    """The bot's turn that was claimed with it, for this gateway to run."""


@dataclass(frozen=True)
class Typing:
    """Somebody writes; told once, kept nowhere."""

    conversation_id: ConversationId
    sender: str
    to: str | None = None
    """The agent to tell; None for the customer."""


@dataclass(frozen=True)
class Place:
    """A place in the queue; `wait` is None when nothing is known."""

    position: int
    wait: Wait | None


@dataclass(frozen=True)
class Receipt:
    """The other side has read up to here."""

    seq: int
