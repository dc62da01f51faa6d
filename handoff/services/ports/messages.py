"""The store's log of messages."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from handoff.domain.conversation import Conversation, Owner
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message


class Messages(Protocol):
    """The log."""

    def append(self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None) -> Message:
        """Append and return the message. `as_owner` None: customers, system and private messages. `at`: when it was said.

        Moves the clocks of who waits for a human: a customer's words start one, an agent's public words stop it.
        Raises StaleEpoch if the owner has changed, DuplicateMessage (with the first one's seq) on a repeated client id,
        ClientIdReused when its content differs, NotFound.
        """

    def append_and_read(
        self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None
    ) -> tuple[Message, Conversation]:
        """As `append`, with the conversation as it is then, its row held until the transaction ends."""

    def after(self, id: ConversationId, seq: int, limit: int, *, private: bool) -> list[Message]: ...

    def before(self, id: ConversationId, seq: int, limit: int) -> list[Message]:
        """The `limit` messages before `seq`, oldest first, private ones too."""

    def between(self, id: ConversationId, first: int, last: int) -> list[Message]: ...

    def by_client_id(self, id: ConversationId, client_id: str) -> Message | None: ...
