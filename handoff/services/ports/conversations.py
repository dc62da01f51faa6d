"""The store's conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from handoff.domain.conversation import Conversation, Head
from handoff.domain.ids import AgentId, ConversationId, CustomerId, InboxId
from handoff.domain.people import Agent
from handoff.domain.sla import Deadline


class Conversations(Protocol):
    """The conversations and who owns them."""

    def get(self, id: ConversationId) -> Conversation | None: ...

    def lock(self, id: ConversationId) -> Conversation:
        """The conversation, with its row held until the transaction ends. Raises NotFound."""

    def current(self, customer_id: CustomerId) -> Conversation | None:
        """The customer's one conversation that is not resolved, its row held until the transaction ends."""

    def lock_current(self, customer_id: CustomerId) -> ConversationId | None:
        """As `current`, for who needs no more than to hold it."""

    def shown(self, customer_id: CustomerId) -> Conversation | None:
        """The customer's one conversation that is not resolved, else the latest; for who only looks."""

    def latest(self, customer_id: CustomerId) -> Conversation | None: ...

    def ended_with(self, customer_id: CustomerId, client_id: str) -> ConversationId | None:
        """The customer's resolved conversation that holds a message with this client id."""

    def create(
        self, customer_id: CustomerId, inbox_id: InboxId, locale: str, previous: ConversationId | None
    ) -> Conversation: ...

    def save(self, conversation: Conversation) -> None:
        """Store everything of it but the log's counters, which only `append` moves."""

    def change_owner(self, before: Conversation, after: Conversation) -> None:
        """Store a `give_to`: a conditional update on the owner and epoch of `before`. Raises StaleEpoch with the fresh owner."""

    def search(
        self,
        *,
        agent: Agent,
        owner: str,
        status: str | None,
        q: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Conversation]:
        """What `agent` may see of them, newest change first (a queue: in queue order)."""

    def of_customer(self, customer_id: CustomerId) -> list[Conversation]: ...

    def waiting(self, team_ids: Sequence[str] | None = None) -> list[Conversation]:
        """Those in the queue, in the order of priority, due first answer and arrival."""

    def line(self) -> list[tuple[ConversationId, str]]:
        """The ids and teams of `waiting`, in its order."""

    def late(self, deadlines: Sequence[Deadline]) -> list[Conversation]:
        """Those that go on, wait for a human or have one, and have a clock past a deadline of which no event tells yet.

        An event of a breach tells of the warning, too.
        """

    def unanswered(self, now: datetime, limit: int) -> list[ConversationId]:
        """Bot-owned ones with unanswered messages and no live claim."""

    def owned_by(self, agent_id: AgentId) -> list[Conversation]: ...

    def heads(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Head]:
        """The head of each: what the sweep compares."""

    def changed_since(self, at: datetime) -> dict[ConversationId, Head]:
        """The heads of those that changed at or after `at`, the newest 5,000: what the readers of this gateway may have missed."""
