"""One transaction over all repositories; each is made when first asked for."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Connection

from handoff.stores.agents import SqlAgents
from handoff.stores.cases import SqlCases
from handoff.stores.conversations import SqlConversations
from handoff.stores.customers import SqlCustomers
from handoff.stores.faq import SqlFaqEntries, SqlFaqSearches
from handoff.stores.handoffs import SqlHandoffs
from handoff.stores.messages import SqlMessages
from handoff.stores.outbox import SqlOutbox
from handoff.stores.records import SqlRecords
from handoff.stores.rules import SqlRules, SqlSlaEvents
from handoff.stores.turns import SqlTurns


class SqlTransaction:
    """The repositories on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def conversations(self) -> SqlConversations:
        """See ports."""
        return SqlConversations(self._connection)

    @cached_property
    def messages(self) -> SqlMessages:
        """See ports."""
        return SqlMessages(self._connection)

    @cached_property
    def turns(self) -> SqlTurns:
        """See ports."""
        return SqlTurns(self._connection)

    @cached_property
    def handoffs(self) -> SqlHandoffs:
        """See ports."""
        return SqlHandoffs(self._connection)

    @cached_property
    def agents(self) -> SqlAgents:
        """See ports."""
        return SqlAgents(self._connection)

    @cached_property
    def customers(self) -> SqlCustomers:
        """See ports."""
        return SqlCustomers(self._connection)

    @cached_property
    def cases(self) -> SqlCases:
        """See ports."""
        return SqlCases(self._connection)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """See ports."""
        return SqlOutbox(self._connection)

    @cached_property
    def records(self) -> SqlRecords:
        """See ports."""
        return SqlRecords(self._connection)

    @cached_property
    def rules(self) -> SqlRules:
        """See ports."""
        return SqlRules(self._connection)

    @cached_property
    def sla_events(self) -> SqlSlaEvents:
        """See ports."""
        return SqlSlaEvents(self._connection)

    @cached_property
    def faq_entries(self) -> SqlFaqEntries:
        """See ports."""
        return SqlFaqEntries(self._connection)

    @cached_property
    def faq_searches(self) -> SqlFaqSearches:
        """See ports."""
        return SqlFaqSearches(self._connection)
