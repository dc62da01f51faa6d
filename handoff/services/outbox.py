"""Public messages on their way to social networks: at least once, in order, with patience, and never silently lost.

A row was written in the transaction that made the message public. Whoever claims it sends it, with a token that is the same each
time, so that a network that knows tokens shows it once. Messages of one conversation go one after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from handoff.domain.errors import Conflict, Invalid, NotFound
from handoff.domain.ids import InboxId, new_id
from handoff.domain.message import Message
from handoff.domain.outbox import MAX_ATTEMPTS, Outgoing, OutgoingState, wait_after
from handoff.domain.people import Agent
from handoff.services.channel import Address, TryLater, Undeliverable
from handoff.services.context import Services
from handoff.services.ports import Transaction
from handoff.services.views import moment

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# A network has this long for one message; a claim lasts longer, so that nobody else sends it meanwhile.
DELIVER_SECONDS = 15.0
LEASE_SECONDS = 30.0
AT_ONCE = 16
SENT_KEPT, DEAD_KEPT = timedelta(days=30), timedelta(days=90)


class NotDead(Conflict):
    """Only what was given up can be sent again by hand."""

    code = "not_dead"


class Outbox:
    """The sender of one gateway."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wake = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[InboxId, datetime] = {}
        self._random = SystemRandom()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        if not self._services.channels:
            return
        try:
            while True:
                self._wake.clear()
                try:
                    await self.look()
                except Exception as error:  # a database that is away comes back
                    log.warning("outbox: %s", error)
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def look(self) -> None:
        """Begin to send what is due, as many at once as may be."""
        services, now = self._services, self._services.now()
        channels = [*services.channels]
        for item in await services.store.read(lambda tx: tx.outbox.due(now, channels, AT_ONCE * 4)):
            if len(self._running) >= AT_ONCE:
                return
            if item.id not in self._running and self._paused.get(item.inbox_id, now) <= now:
                self._start(item.id, self._send(item))

    async def settled(self) -> None:
        """Wait until nothing is being sent any more."""
        while self._running:
            await asyncio.gather(*self._running.values())

    def _start(self, id: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._running[id] = asyncio.create_task(work)

        def done(_: asyncio.Task[None]) -> None:
            del self._running[id]
            self._wake.set()  # the conversation's next message may go now

        task.add_done_callback(done)

    async def _send(self, due: Outgoing) -> None:
        services, claim = self._services, new_id()
        try:
            item = await services.store.write(lambda tx: tx.outbox.claim(due.id, claim, services.now(), LEASE_SECONDS))
            if item is None:  # somebody else sends it
                return
            address, message = await services.store.read(lambda tx: _load(tx, item))
            outcome = await self._deliver(item, address, message)
            await services.store.write(lambda tx: tx.outbox.settle(item, **outcome))
        except Exception:  # it is tried again when the claim has run out
            log.exception("outbox %s", due.id)

    async def _deliver(self, item: Outgoing, address: Address | None, message: Message | None) -> dict[str, Any]:
        """How to settle it."""
        now = self._services.now()
        if address is None or message is None:
            return {"state": OutgoingState.DEAD, "now": now, "error": "nobody to send it to"}
        token = message.client_id or f"{item.conversation_id}:{item.seq}"
        try:
            async with asyncio.timeout(DELIVER_SECONDS):
                network_id = await self._services.channels[item.channel].deliver(address, message, token)
        except Undeliverable as error:
            log.warning("outbox %s: undeliverable after %d attempts", item.id, item.attempts)
            return {"state": OutgoingState.DEAD, "now": self._services.now(), "error": str(error)[:200]}
        except Exception as error:
            return self._failed(item, error)
        return {"state": OutgoingState.SENT, "now": self._services.now(), "network_id": network_id}

    def _failed(self, item: Outgoing, error: Exception) -> dict[str, Any]:
        now = self._services.now()
        retry_after = error.retry_after if isinstance(error, TryLater) else None
        why = (str(error) if isinstance(error, TryLater) else type(error).__name__)[:200]
        if retry_after is not None:
            self._paused[item.inbox_id] = now + timedelta(seconds=retry_after)
        # To be told to wait is no failure of this message.
        if retry_after is None and item.attempts >= MAX_ATTEMPTS:
            log.warning("outbox %s: given up after %d attempts: %s", item.id, item.attempts, why)
            return {"state": OutgoingState.DEAD, "now": now, "error": why}
        wait = wait_after(item.attempts, self._random.random(), retry_after)
        return {"state": OutgoingState.PENDING, "now": now, "due_at": now + timedelta(seconds=wait), "error": why}


def _load(tx: Transaction, item: Outgoing) -> tuple[Address | None, Message | None]:
    inbox = tx.customers.inbox(item.inbox_id)
    external_id = tx.customers.external_id(item.inbox_id, item.customer_id)
    messages = tx.messages.between(item.conversation_id, item.seq, item.seq)
    address = Address(inbox, external_id) if inbox is not None and external_id is not None else None
    return address, messages[0] if messages else None


def outgoing_json(item: Outgoing) -> dict[str, Any]:
    """As supervisors see it: no words."""
    return {
        "id": item.id,
        "conversation_id": item.conversation_id,
        "seq": item.seq,
        "customer_id": item.customer_id,
        "inbox_id": item.inbox_id,
        "channel": item.channel,
        "state": item.state.value,
        "attempts": item.attempts,
        "due_at": moment(item.due_at) if item.state is OutgoingState.PENDING else None,
        "error": item.error,
        "created_at": moment(item.created_at),
        "finished_at": moment(item.finished_at),
    }


async def list_outbox(services: Services, state: str, limit: int) -> dict[str, Any]:
    """`{items}` in one state, newest first. Raises Invalid."""
    try:
        wanted = OutgoingState(state)
    except ValueError:
        raise Invalid("state", "unknown") from None
    found = await services.store.read(lambda tx: tx.outbox.search(wanted, limit))
    return {"items": [outgoing_json(item) for item in found]}


async def resend(services: Services, actor: Agent, id: str) -> dict[str, Any]:
    """Try one that was given up from the start. Raises NotFound, NotDead."""

    def work(tx: Transaction) -> Outgoing:
        if not tx.outbox.revive(id, services.now()):
            if tx.outbox.get(id) is None:
                raise NotFound("no such message")
            raise NotDead("it was not given up")
        tx.records.audit(services.now(), actor.id, "resend", id, {})
        revived = tx.outbox.get(id)
        if revived is None:
            raise NotFound("no such message")
        return revived

    return outgoing_json(await services.store.write(work))
