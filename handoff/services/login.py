"""Agents log in: one error text, few tries, tokens that expire and are stored as hashes."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from handoff.domain.errors import BadCredentials, Invalid, RateLimited, Unauthenticated
from handoff.domain.people import Agent, Presence
from handoff.services.context import Services
from handoff.services.ports import Transaction
from handoff.services.sessions import hash_token

# A working day and a half-shift; the desk asks again after it.
SESSION_LASTS = timedelta(hours=12)
FAILURES = 5
FAILURE_WINDOW_SECONDS = 15 * 60

_hasher = PasswordHasher()
# Checked when the account does not exist, so that both take the same time.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Kv3cnb5Jr4oBvbE4lU5rLlg5bDEzcX3hYJ0rkQ0EAbQ"


# Log-ins under way, by what they are counted under; forgotten with the last one that waits.
_tries: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def _trying(key: str) -> asyncio.Lock:
    return _tries.setdefault(key, asyncio.Lock())


def hash_password(password: str) -> str:
    """Argon2id with the library's current parameters."""
    return _hasher.hash(password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def log_in(services: Services, email: object, password: object, address: str) -> tuple[str, datetime, Agent]:
    """A token, its end, and who it is. Raises BadCredentials, RateLimited (by account and by address), Invalid."""
    if not isinstance(email, str) or not 0 < len(email) <= 320:
        raise Invalid("email", "required")
    if not isinstance(password, str) or not 0 < len(password) <= 1000:
        raise Invalid("password", "required")
    account = email.strip().lower().encode("utf-8", "replace").decode()
    keys = (f"login:account:{hash_token(account)}", f"login:address:{address}")
    # One at a time for an account and for an address: many at once would all be let in before the first is counted.
    async with _trying(keys[0]), _trying(keys[1]):
        for key in keys:
            if (wait := await services.limits.peek(key, FAILURES)) is not None:
                raise RateLimited("too many failed log-ins; try again later", retry_after=wait)
        found = await services.store.read(lambda tx: tx.agents.credentials(account))
        right = await asyncio.to_thread(_verify, found[1] if found else _NOBODY, password)
        if found is None or not right:
            for key in keys:
                await services.limits.hit(key, FAILURES, FAILURE_WINDOW_SECONDS)
            raise BadCredentials("wrong e-mail or password")
    token = secrets.token_urlsafe(32)

    def work(tx: Transaction) -> tuple[datetime, Agent]:
        now = services.now()
        expires = now + SESSION_LASTS
        tx.agents.open_session(hash_token(token), found[0], expires)
        # Who logs in is there to work, as soon as his desk is open; he may set himself away.
        tx.agents.set_presence(found[0], Presence.ONLINE, now, seen=False)
        return expires, tx.agents.lock(found[0], now)

    expires_at, agent = await services.store.write(work)
    await services.hub.presence(agent.id, agent.presence.value)
    return token, expires_at, agent


async def agent_of(services: Services, token: object) -> Agent:
    """Whose token this is. Raises Unauthenticated."""
    if not isinstance(token, str) or not token or len(token) > 200:
        raise Unauthenticated("log in again")

    def work(tx: Transaction) -> Agent | None:
        now = services.now()
        id = tx.agents.session(hash_token(token), now)
        return tx.agents.get(id, now) if id else None

    agent = await services.store.read(work)
    if agent is None:
        raise Unauthenticated("log in again")
    return agent


async def log_out(services: Services, token: str) -> None:
    """End this session and its connections only: other desks of the same agent stay."""
    await services.store.write(lambda tx: tx.agents.close_session(hash_token(token)))
    await services.hub.revoke(hash_token(token))


async def beat(services: Services, agent: Agent) -> None:
    """His desk is alive."""
    await services.store.write(lambda tx: tx.agents.beat(agent.id, services.now()))
