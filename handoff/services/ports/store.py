"""The store: transactions over all its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from handoff.services.ports.agents import Agents
from handoff.services.ports.cases import Cases
from handoff.services.ports.conversations import Conversations
from handoff.services.ports.customers import Customers
from handoff.services.ports.faq import FaqEntries, FaqSearches
from handoff.services.ports.handoffs import Handoffs
from handoff.services.ports.messages import Messages
from handoff.services.ports.outbox import Outbox
from handoff.services.ports.records import Records
from handoff.services.ports.rules import HouseRules
from handoff.services.ports.sla import SlaEvents
from handoff.services.ports.turns import Turns

T = TypeVar("T")


class Transaction(Protocol):
    """One transaction over everything. What it raises rolls it back."""

    @property
    def conversations(self) -> Conversations: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def handoffs(self) -> Handoffs: ...
    @property
    def agents(self) -> Agents: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def records(self) -> Records: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def rules(self) -> HouseRules: ...
    @property
    def sla_events(self) -> SlaEvents: ...
    @property
    def faq_entries(self) -> FaqEntries: ...
    @property
    def faq_searches(self) -> FaqSearches: ...


class Store(Protocol):
    """Runs units of work."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction. Raises what it raises, or Unavailable("database_unavailable")."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a snapshot that it must not change."""
