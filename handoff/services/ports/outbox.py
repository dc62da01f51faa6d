"""The store's outbox."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from handoff.domain.ids import ConversationId, CustomerId, InboxId
from handoff.domain.outbox import Outgoing, OutgoingState


class Outbox(Protocol):
    """Public messages on their way to networks."""

    def add(
        self,
        conversation_id: ConversationId,
        seq: int,
        customer_id: CustomerId,
        inbox_id: InboxId,
        channel: str,
        now: datetime,
    ) -> None:
        """A message has become public. Called by `append`, in its transaction."""

    def due(self, now: datetime, channels: Collection[str], limit: int) -> list[Outgoing]:
        """What may be sent now: of each conversation only the first that is pending."""

    def claim(self, id: str, claim: str, now: datetime, lease_seconds: float) -> Outgoing | None:
        """Take it for so long and count the attempt; None when somebody else has it, or it is not due."""

    def settle(
        self,
        item: Outgoing,
        state: OutgoingState,
        now: datetime,
        *,
        due_at: datetime | None = None,
        error: str | None = None,
        network_id: str | None = None,
    ) -> bool:
        """Write what came of it, if the claim is still ours; `due_at`: when a pending one is tried again."""

    def get(self, id: str) -> Outgoing | None: ...

    def search(self, state: OutgoingState, limit: int) -> list[Outgoing]:
        """The newest in this state."""

    def revive(self, id: str, now: datetime) -> bool:
        """Make a dead one pending, with all its attempts; False when it is not dead."""

    def forget(self, sent_before: datetime, dead_before: datetime) -> int: ...
