"""The store's handoffs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from handoff.domain.conversation import Conversation
from handoff.domain.ids import AgentId, ConversationId, CustomerId, HandoffId
from handoff.domain.turns import Handoff, Ring


class Handoffs(Protocol):
    """Passages from bot to human."""

    def add(self, handoff: Handoff) -> None: ...

    def save(self, handoff: Handoff) -> None: ...

    def get(self, id: HandoffId) -> Handoff | None: ...

    def by_ids(self, ids: Collection[HandoffId]) -> dict[HandoffId, Handoff]: ...

    def of(self, id: ConversationId) -> list[Handoff]: ...

    def open(self) -> list[tuple[Handoff, Conversation]]:
        """Those still waiting, in queue order."""

    def rings(self) -> list[Ring]:
        """Where `open` ones ring, in its order."""

    def busy_since(self) -> dict[AgentId, list[datetime]]:
        """When each agent accepted what he has now."""

    def recent(self, limit: int) -> list[tuple[float, float | None]]:
        """Of the latest that were accepted and have ended: seconds from accept to end, and from ring to accept."""

    def told(self, since: datetime, limit: int) -> list[Handoff]:
        """The latest accepted since then whose customer was told a wait."""

    def last_agent(self, customer_id: CustomerId) -> AgentId | None: ...
