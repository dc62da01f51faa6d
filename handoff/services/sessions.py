"""Customers come in: by a website's token, by an old session, or identified by the merchant's hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.conversation import Conversation, Status
from handoff.domain.errors import BadIdentifierHash, Invalid, OriginNotAllowed, Unauthenticated, UnknownWebsite
from handoff.domain.ids import CustomerId, IdentityId, new_id
from handoff.domain.people import Customer, Inbox, Session
from handoff.services.context import Services
from handoff.services.facts import Change
from handoff.services.merging import merge
from handoff.services.ports import Transaction
from handoff.services.receive import open_conversation

# A visitor who comes back within this time goes on where he was.
SESSION_LASTS = timedelta(days=30)
LOCALES = ("zh-Hans", "zh-Hant", "en")
# With "user-" before it, it fits the column of external ids.
MAX_IDENTIFIER = 190


@dataclass(frozen=True)
class Opened:
    """An open session."""

    token: str
    session: Session
    conversation: Conversation
    ended: Change | None = None
    """The other conversation, when identifying the visitor left him with two."""


def hash_token(token: str) -> str:
    """Tokens are stored as hashes: who reads the database cannot use them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def identifier_hash(secret: str, identifier: str) -> str:
    """What the merchant's server computes: hex HMAC-SHA256(website secret, id)."""
    return hmac.new(secret.encode(), identifier.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def normal_locale(locale: str | None) -> str | None:
    """One of ours for what a browser says (`zh-CN`, `zh_TW`, `en-US`), or None."""
    if not isinstance(locale, str) or not locale:
        return None
    tag = locale.replace("_", "-").lower()
    if tag.startswith("zh"):
        return "zh-Hant" if any(part in tag for part in ("hant", "tw", "hk", "mo")) else "zh-Hans"
    return "en"


def check_origin(inbox: Inbox, origin: str | None, own_origin: str) -> None:
    """Browsers say where a page comes from; only the website's own pages may. No origin is no browser. Raises OriginNotAllowed."""
    if origin is None or origin in inbox.origins or origin == own_origin:
        return
    raise OriginNotAllowed("this page is not on the website's list of origins")


def _check_identity(inbox: Inbox, identifier: object, given: object) -> str | None:
    if identifier is None:
        return None
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_IDENTIFIER or not identifier.isprintable():
        raise Invalid("identifier", "not_a_short_string")
    right = identifier_hash(inbox.secret or "", identifier)
    if (
        not inbox.secret
        or not isinstance(given, str)
        or not hmac.compare_digest(right.encode(), given.encode("utf-8", "replace"))
    ):
        raise BadIdentifierHash("the identifier's hash is not valid")
    return identifier


async def open_session(
    services: Services,
    *,
    website_token: object,
    origin: str | None,
    own_origin: str,
    identifier: object = None,
    given_hash: object = None,
    name: object = None,
    email: object = None,
    locale: str | None = None,
    token: object = None,
    address: str | None = None,
) -> Opened:
    """Resume, identify or begin. Raises UnknownWebsite, OriginNotAllowed, BadIdentifierHash, Invalid.

    An old token that is no longer good begins anew. Identifying an anonymous session gives its conversation to the customer.
    """
    wanted_locale = normal_locale(locale)
    details = {k: v for k, v in {"name": _short(name, "name"), "email": _short(email, "email")}.items() if v}
    if not isinstance(website_token, str):
        raise UnknownWebsite("no website has this token")
    inbox = await services.store.read(lambda tx: tx.customers.inbox_by_token(website_token))
    if inbox is None:
        raise UnknownWebsite("no website has this token")
    check_origin(inbox, origin, own_origin)
    known = _check_identity(inbox, identifier, given_hash)
    # The shop is only asked about somebody who has proved who he is.
    vip = known is not None and await _is_vip(services, known)

    def work(tx: Transaction) -> Opened:
        now = services.now()
        old_hash = hash_token(token) if isinstance(token, str) and token else None
        old = tx.customers.session(old_hash, now) if old_hash else None
        if old is not None and old.inbox_id != inbox.id:
            old = None
        if old is not None and old_hash and (known is None or _is(tx, old, known)):
            return _resume(tx, str(token), old_hash, old, wanted_locale, address, details, now)
        return _begin(tx, inbox, old, old_hash, known, wanted_locale or "zh-Hans", address, details, vip, now)

    opened = await services.store.write(work)
    if opened.ended is not None:
        await services.hub.announce(opened.ended)
    if isinstance(token, str) and token and opened.token != token:
        await services.hub.revoke(hash_token(token))
    return opened


def shown_conversation(tx: Transaction, session: Session, now: datetime) -> Conversation | None:
    """The conversation that this customer sees: the one that goes on, or the last while his next words would reopen it."""
    found = tx.conversations.shown(session.customer_id)
    # An ended conversation is shown until the customer writes again: looking at it does not reopen it.
    return found if found is not None and (found.status is not Status.RESOLVED or found.may_reopen(now)) else None


def begin_conversation(tx: Transaction, session: Session, now: datetime) -> Conversation:
    """The same, made when there is none."""
    shown = shown_conversation(tx, session, now)
    return shown or open_conversation(tx, session.customer_id, session.inbox_id, session.locale, now)


async def _is_vip(services: Services, identifier: str) -> bool:
    """Whether the shop counts him among its best; a shop that is away does not keep anybody out."""
    try:
        customer = await services.shop.customer(identifier)
    except Exception:  # any failure of the shop only costs the mark
        return False
    return bool(customer and customer.get("vip"))


def _short(value: object, field: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 200:
        raise Invalid(field, "not_a_short_string")
    return "".join(c for c in value if c.isprintable() and not "\ud800" <= c <= "\udfff").strip() or None


def _is(tx: Transaction, session: Session, identifier: str) -> bool:
    customer = tx.customers.get(session.customer_id)
    return session.verified and customer is not None and customer.identifier == identifier


def _resume(
    tx: Transaction,
    token: str,
    token_hash: str,
    old: Session,
    locale: str | None,
    address: str | None,
    details: dict[str, str],
    now: datetime,
) -> Opened:
    session = replace(old, expires_at=now + SESSION_LASTS, locale=locale or old.locale, address=address)
    tx.customers.renew_session(token_hash, session)
    customer = tx.customers.get(session.customer_id)
    if customer is not None and session.verified and details:
        tx.customers.update(replace(customer, **details))  # type: ignore[arg-type]
    return Opened(token, session, begin_conversation(tx, session, now))


def _begin(
    tx: Transaction,
    inbox: Inbox,
    old: Session | None,
    old_hash: str | None,
    identifier: str | None,
    locale: str,
    address: str | None,
    details: dict[str, str],
    vip: bool,
    now: datetime,
) -> Opened:
    ended: Change | None = None
    if identifier is None:
        identity_id, customer_id = _new_customer(tx, inbox, f"anonymous-{new_id()}", None, {}, False, now)
    else:
        identity_id, customer_id = _known_customer(tx, inbox, identifier, details, vip, now)
        if old is not None and not old.verified and old.customer_id != customer_id:
            ended = merge(tx, old.customer_id, customer_id, now)
    if old_hash:
        tx.customers.close_sessions(token_hash=old_hash)
    token = secrets.token_urlsafe(32)
    session = Session(identity_id, customer_id, inbox.id, identifier is not None, locale, now + SESSION_LASTS, address)
    tx.customers.open_session(hash_token(token), session)
    return Opened(token, session, begin_conversation(tx, session, now), ended)


def _new_customer(
    tx: Transaction,
    inbox: Inbox,
    external_id: str,
    identifier: str | None,
    details: dict[str, Any],
    vip: bool,
    now: datetime,
) -> tuple[IdentityId, CustomerId]:
    customer_id, identity_id = CustomerId(new_id()), IdentityId(new_id())
    customer = Customer(customer_id, details.get("name"), details.get("email"), identifier, vip, now)
    tx.customers.create(customer)
    tx.customers.add_identity(identity_id, customer_id, inbox.id, external_id, identifier is not None)
    return identity_id, customer_id


def _known_customer(
    tx: Transaction, inbox: Inbox, identifier: str, details: dict[str, str], vip: bool, now: datetime
) -> tuple[IdentityId, CustomerId]:
    customer = tx.customers.by_identifier(identifier)
    if customer is None:
        return _new_customer(tx, inbox, f"user-{identifier}", identifier, details, vip, now)
    tx.customers.update(replace(customer, vip=vip or customer.vip, **details))  # type: ignore[arg-type]
    found = tx.customers.identity(inbox.id, f"user-{identifier}")
    if found is not None:
        return found
    identity_id = IdentityId(new_id())
    tx.customers.add_identity(identity_id, customer.id, inbox.id, f"user-{identifier}", True)
    return identity_id, customer.id


def check_token(token: object) -> str:
    """The hash of what may be a session's token. Raises Unauthenticated."""
    if not isinstance(token, str) or not token or len(token) > 200:
        raise Unauthenticated("no valid session")
    return hash_token(token)


def session_of(tx: Transaction, token_hash: str, now: datetime) -> Session:
    """The session of a token. Raises Unauthenticated."""
    session = tx.customers.session(token_hash, now)
    if session is None:
        raise Unauthenticated("no valid session")
    return session


async def authenticate(services: Services, token: object) -> Session:
    """The session of a token. Raises Unauthenticated."""
    token_hash = check_token(token)
    return await services.store.read(lambda tx: session_of(tx, token_hash, services.now()))


async def reset(services: Services, token: str) -> None:
    """Revoke a session and end its connections."""
    await services.store.write(lambda tx: tx.customers.close_sessions(token_hash=hash_token(token)))
    await services.hub.revoke(hash_token(token))


async def customer_read(services: Services, session: Session, seq: object) -> None:
    """The customer has read up to `seq`. Raises Invalid."""
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        raise Invalid("seq", "not_a_number")

    def work(tx: Transaction) -> Change | None:
        conversation = tx.conversations.current(session.customer_id)
        if conversation is None or min(seq, conversation.last_seq) <= conversation.customer_read_seq:
            return None
        read = replace(conversation, customer_read_seq=min(seq, conversation.last_seq))
        tx.conversations.save(read)
        return Change(read)

    change = await services.store.write(work)
    if change is not None:
        await services.hub.announce(change)
