"""The store's customers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from handoff.domain.ids import CustomerId, IdentityId, InboxId
from handoff.domain.people import Customer, Inbox, Session


class Customers(Protocol):
    """Customers, their identities, inboxes and sessions."""

    def inbox(self, id: InboxId) -> Inbox | None: ...

    def inbox_by_token(self, website_token: str) -> Inbox | None: ...

    def inboxes(self) -> list[Inbox]: ...

    def save_inbox(self, inbox: Inbox) -> None: ...

    def get(self, id: CustomerId) -> Customer | None: ...

    def by_ids(self, ids: Collection[CustomerId]) -> dict[CustomerId, Customer]: ...

    def create(self, customer: Customer) -> None: ...

    def update(self, customer: Customer) -> None: ...

    def by_identifier(self, identifier: str) -> Customer | None: ...

    def identity(self, inbox_id: InboxId, external_id: str) -> tuple[IdentityId, CustomerId] | None: ...

    def external_id(self, inbox_id: InboxId, customer_id: CustomerId) -> str | None:
        """The customer's own id in this inbox; a verified one when he has several."""

    def add_identity(
        self, id: IdentityId, customer_id: CustomerId, inbox_id: InboxId, external_id: str, verified: bool
    ) -> None: ...

    def move(self, from_id: CustomerId, to_id: CustomerId) -> None:
        """Give everything of one customer to another (an anonymous visitor was identified)."""

    def open_session(self, token_hash: str, session: Session) -> None: ...

    def session(self, token_hash: str, now: datetime) -> Session | None: ...

    def renew_session(self, token_hash: str, session: Session) -> None:
        """Keep its new expiry, locale and address."""

    def last_address(self, id: CustomerId) -> str | None:
        """The `Session.address` of the customer's latest session."""

    def known_tokens(self, token_hashes: Sequence[str]) -> set[str]:
        """Those of them that are still somebody's, a customer's or an agent's."""

    def close_sessions(self, *, token_hash: str | None = None, customer_id: CustomerId | None = None) -> None: ...

    def erase(self, id: CustomerId) -> dict[str, int]:
        """Delete every row that is about this customer; the counts by table."""
