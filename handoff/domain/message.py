"""Facts of a conversation's log, and what content they may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from handoff.domain.errors import Invalid, TooLarge
from handoff.domain.ids import ConversationId

# What a customer or agent may write at once; the bot reads the first 200 characters of it, people all.
MAX_TEXT = 5000
MAX_CLIENT_ID = 64

Content = dict[str, Any]
"""``{"type": …, "text": …, …}``; `text` is always there, the fallback for every channel."""


class Sender(str, Enum):
    """Whose words a message is."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class PrivateKind(str, Enum):
    """Why a message is kept from the customer."""

    NOTE = "note"
    """An agent's note for colleagues."""
    LATE_DRAFT = "late_draft"
    """A bot answer that came after a human had taken over."""
    WHISPER = "whisper"
    """A supervisor's word to the agent."""


@dataclass(frozen=True)
class Draft:
    """A message that is not yet a fact."""

    conversation_id: ConversationId
    sender: Sender
    content: Content
    name: str | None = None
    sender_id: str | None = None
    client_id: str | None = None
    kind: PrivateKind | None = None

    @property
    def private(self) -> bool:
        """Whether customers never see it."""
        return self.kind is not None


@dataclass(frozen=True)
class Message:
    """A fact of the log."""

    conversation_id: ConversationId
    seq: int
    """Dense per conversation, from 1."""
    prev_public: int
    """The last seq before this one that the customer may see."""
    sender: Sender
    sender_id: str | None
    name: str | None
    content: Content = field(default_factory=dict)
    kind: PrivateKind | None = None
    client_id: str | None = None
    created_at: datetime | None = None

    @property
    def private(self) -> bool:
        """Whether customers never see it."""
        return self.kind is not None

    @property
    def text(self) -> str:
        """The content in plain words."""
        return str(self.content.get("text", ""))


def text_content(text: str) -> Content:
    """Content of type text."""
    return {"type": "text", "text": text}


def check_text(text: object, field: str = "text") -> str:
    """The text without surrogates and control characters that no database keeps. Raises Invalid or TooLarge."""
    if not isinstance(text, str):
        raise Invalid(field, "not_a_string")
    if len(text) > MAX_TEXT:
        raise TooLarge(f"{field} is longer than {MAX_TEXT} characters")
    clean = "".join(c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c != "\x7f"))
    if not clean.strip():
        raise Invalid(field, "empty")
    return clean


def check_client_id(client_id: object) -> str:
    """The sender's own id of a message. Raises Invalid."""
    if not isinstance(client_id, str) or not 1 <= len(client_id) <= MAX_CLIENT_ID or not client_id.isprintable():
        raise Invalid("client_id", "required_up_to_64_characters")
    if ":" in client_id:  # reserved: {turn_id}:{n} are the bot's
        raise Invalid("client_id", "colon_not_allowed")
    return client_id
