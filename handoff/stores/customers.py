"""Customers, identities, inboxes and sessions in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, insert, select, update

from handoff.domain.ids import CustomerId, IdentityId, InboxId
from handoff.domain.people import Customer, Inbox, Session
from handoff.stores.prepared import Prepared
from handoff.stores.schema import agent_sessions, cases, conversations, customers, identities, inboxes, metadata
from handoff.stores.schema import customer_sessions as sessions

# Asked with every turn, every connection, every list of a desk and every request of a page.
_INBOXES = Prepared(select(inboxes))
_INBOX = Prepared(select(inboxes).where(inboxes.c.id == bindparam("the_id")))
_CUSTOMER = Prepared(select(customers).where(customers.c.id == bindparam("the_id")))
_SESSION = Prepared(
    select(sessions).where(
        sessions.c.token_hash == bindparam("the_hash"),
        sessions.c.expires_at > bindparam("now", type_=sessions.c.expires_at.type),
    )
)


def _inbox(row: Any) -> Inbox:
    return Inbox(row.id, row.kind, row.name, row.website_token, row.secret, tuple(row.origins))


def _customer(row: Any) -> Customer:
    return Customer(row.id, row.name, row.email, row.identifier, row.vip, row.created_at)


def _about(table: Table, customer_id: CustomerId) -> ColumnElement[bool] | None:
    """The rows of a table that are about a customer, as its `info` says."""
    how = table.info["customer"]
    if how is None:
        return None
    if how == "conversation":
        mine = select(conversations.c.id).where(conversations.c.customer_id == customer_id)
        return table.c.conversation_id.in_(mine)
    if how == "case":
        return table.c.case_id.in_(select(cases.c.id).where(cases.c.customer_id == customer_id))
    column: ColumnElement[bool] = table.c[how] == customer_id
    return column


class SqlCustomers:
    """See ports.Customers."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def inbox(self, id: InboxId) -> Inbox | None:
        """See ports.Customers."""
        row = _INBOX.one(self._db, {"the_id": id})
        return _inbox(row) if row else None

    def inbox_by_token(self, website_token: str) -> Inbox | None:
        """See ports.Customers."""
        row = self._db.execute(select(inboxes).where(inboxes.c.website_token == website_token)).one_or_none()
        return _inbox(row) if row else None

    def inboxes(self) -> list[Inbox]:
        """See ports.Customers."""
        return [_inbox(row) for row in _INBOXES.all(self._db, {})]

    def save_inbox(self, inbox: Inbox) -> None:
        """See ports.Customers."""
        values = {
            "kind": inbox.kind,
            "name": inbox.name,
            "website_token": inbox.website_token,
            "secret": inbox.secret,
            "origins": list(inbox.origins),
        }
        if self._db.execute(update(inboxes).where(inboxes.c.id == inbox.id).values(**values)).rowcount == 0:
            self._db.execute(insert(inboxes), {"id": inbox.id, **values})

    def get(self, id: CustomerId) -> Customer | None:
        """See ports.Customers."""
        row = _CUSTOMER.one(self._db, {"the_id": id})
        return _customer(row) if row else None

    def by_ids(self, ids: Collection[CustomerId]) -> dict[CustomerId, Customer]:
        """See ports.Customers."""
        found = self._db.execute(select(customers).where(customers.c.id.in_(ids))) if ids else ()
        return {row.id: _customer(row) for row in found}

    def create(self, customer: Customer) -> None:
        """See ports.Customers."""
        self._db.execute(
            insert(customers),
            {
                "id": customer.id,
                "name": customer.name,
                "email": customer.email,
                "identifier": customer.identifier,
                "vip": customer.vip,
                "created_at": customer.created_at or datetime.now(UTC),
            },
        )

    def update(self, customer: Customer) -> None:
        """See ports.Customers."""
        self._db.execute(
            update(customers)
            .where(customers.c.id == customer.id)
            .values(name=customer.name, email=customer.email, identifier=customer.identifier, vip=customer.vip)
        )

    def by_identifier(self, identifier: str) -> Customer | None:
        """See ports.Customers."""
        row = self._db.execute(select(customers).where(customers.c.identifier == identifier)).one_or_none()
        return _customer(row) if row else None

    def identity(self, inbox_id: InboxId, external_id: str) -> tuple[IdentityId, CustomerId] | None:
        """See ports.Customers."""
        i = identities.c
        query = select(i.id, i.customer_id).where(i.inbox_id == inbox_id, i.external_id == external_id)
        row = self._db.execute(query).one_or_none()
        return (row.id, row.customer_id) if row else None

    def external_id(self, inbox_id: InboxId, customer_id: CustomerId) -> str | None:
        """See ports.Customers."""
        query = select(identities.c.external_id).where(
            identities.c.inbox_id == inbox_id, identities.c.customer_id == customer_id
        )
        found: str | None = self._db.scalar(
            query.order_by(identities.c.verified.desc(), identities.c.id.desc()).limit(1)
        )
        return found

    def add_identity(
        self, id: IdentityId, customer_id: CustomerId, inbox_id: InboxId, external_id: str, verified: bool
    ) -> None:
        """See ports.Customers."""
        self._db.execute(
            insert(identities),
            {
                "id": id,
                "customer_id": customer_id,
                "inbox_id": inbox_id,
                "external_id": external_id,
                "verified": verified,
            },
        )

    def move(self, from_id: CustomerId, to_id: CustomerId) -> None:
        """See ports.Customers."""
        for table in metadata.sorted_tables:
            how = table.info["customer"]
            if how in ("customer_id",):
                self._db.execute(update(table).where(table.c[how] == from_id).values({how: to_id}))
        self._db.execute(delete(customers).where(customers.c.id == from_id))

    def open_session(self, token_hash: str, session: Session) -> None:
        """See ports.Customers."""
        self._db.execute(
            insert(sessions),
            {
                "token_hash": token_hash,
                "identity_id": session.identity_id,
                "customer_id": session.customer_id,
                "inbox_id": session.inbox_id,
                "verified": session.verified,
                "locale": session.locale,
                "expires_at": session.expires_at,
                "address_hash": session.address,
            },
        )

    def session(self, token_hash: str, now: datetime) -> Session | None:
        """See ports.Customers."""
        row = _SESSION.one(self._db, {"the_hash": token_hash, "now": now})
        if row is None:
            return None
        return Session(
            row.identity_id,
            row.customer_id,
            row.inbox_id,
            row.verified,
            row.locale,
            row.expires_at,
            row.address_hash,
        )

    def renew_session(self, token_hash: str, session: Session) -> None:
        """See ports.Customers."""
        values = {"expires_at": session.expires_at, "locale": session.locale, "address_hash": session.address}
        self._db.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(**values))

    def last_address(self, id: CustomerId) -> str | None:
        """See ports.Customers."""
        query = select(sessions.c.address_hash).where(sessions.c.customer_id == id)
        found: str | None = self._db.scalar(query.order_by(sessions.c.expires_at.desc()).limit(1))
        return found

    def known_tokens(self, token_hashes: Sequence[str]) -> set[str]:
        """See ports.Customers. Asked in slices, because databases bound the number of parameters."""
        found: set[str] = set()
        for start in range(0, len(token_hashes), 10_000):
            some = token_hashes[start : start + 10_000]
            for table in (sessions, agent_sessions):
                found.update(self._db.scalars(select(table.c.token_hash).where(table.c.token_hash.in_(some))))
        return found

    def close_sessions(self, *, token_hash: str | None = None, customer_id: CustomerId | None = None) -> None:
        """See ports.Customers."""
        if token_hash is not None:
            self._db.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
        if customer_id is not None:
            self._db.execute(delete(sessions).where(sessions.c.customer_id == customer_id))

    def erase(self, id: CustomerId) -> dict[str, int]:
        """See ports.Customers."""
        counts: dict[str, int] = {}
        # Children first, so that what leads to the customer is still there while they are found.
        for table in reversed(metadata.sorted_tables):
            about = _about(table, id)
            if about is not None:
                counts[table.name] = self._db.execute(delete(table).where(about)).rowcount
        return counts
