"""What a gateway does by itself: run bot turns, sweep once a second, tell waiting customers where they stand.

Nothing here holds truth. A wake-up only makes it happen sooner; the sweep asks SQL and finds whatever was missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.conversation import Head
from handoff.domain.ids import ConversationId
from handoff.domain.turns import ClaimedTurn
from handoff.services.bot_turn import run_turn, say_overdue
from handoff.services.cases import tell_shop
from handoff.services.context import Services
from handoff.services.desk_feed import DeskFeed
from handoff.services.facts import Change, Typing
from handoff.services.outbox import DEAD_KEPT, SENT_KEPT, Outbox
from handoff.services.ports import Transaction
from handoff.services.watch import Watch

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
PATIENCE_SECONDS = 0.25
# A revoked token ends its sockets by a wake-up, and at the latest after so many sweeps.
REVOKED_SECONDS = 5
# Of those who are followed so many are compared with SQL in every sweep, or more, so that all of them are within so many.
FOLLOWED_AT_ONCE = 500
FOLLOWED_SECONDS = 10
# Changes of the queue within this time are told together.
PLACES_EVERY_SECONDS = 0.3
# How far before its last look the sweep looks for changes that no wake-up told: more than a commit may take, and more than
# the clocks of two machines may differ.
LOOK_BACK = timedelta(seconds=10)
# Rows a sweep takes up at once; the next second brings the next.
SWEEP_LIMIT = 200
HOUSEKEEPING_SECONDS = 3600.0


class Runner:
    """The background work of one gateway."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._turns: dict[ConversationId, asyncio.Task[None]] = {}
        self._again: set[ConversationId] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._feed = DeskFeed(services)
        self._queue_moved = asyncio.Event()
        self._watch = Watch(services)
        self._outbox = Outbox(services)
        self._last_housekeeping = 0.0
        self._to_compare: list[ConversationId] = []
        self._to_vouch: list[str] = []
        self._looked_at: datetime | None = None

    def start(self) -> None:
        """Begin. Must run in the event loop."""
        self._services.hub.listeners.append(self._on_change)
        for work in (
            self._sweep_forever(),
            self._patience_forever(),
            self._feed.run(),
            self._places_forever(),
            self._outbox.run(),
        ):
            self._spawn(work)

    async def stop(self) -> None:
        """Let running turns go; their claims expire and somebody else answers."""
        tasks = [*self._tasks, *self._turns.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_change(self, change: Change) -> None:
        if change.claimed is not None:
            # Whatever runs for this conversation is at its end: nobody else could have been given the claim.
            self._spawn(self._answer(change.conversation.id, change.claimed))
        elif change.conversation.unanswered:
            self.kick(change.conversation.id)
        self._feed.on_change(change)
        self._outbox.wake()
        if change.queue_changed:
            self._queue_moved.set()

    def kick(self, id: ConversationId) -> None:
        """Start the bot on a conversation now; while a turn runs, look again after it."""
        if id in self._turns:
            self._again.add(id)
            return
        task = asyncio.create_task(self._answer(id))
        self._turns[id] = task
        task.add_done_callback(lambda _: self._done(id))

    def _done(self, id: ConversationId) -> None:
        self._turns.pop(id, None)
        if id in self._again:
            self._again.discard(id)
            self.kick(id)

    async def _answer(self, id: ConversationId, claimed: ClaimedTurn | None = None) -> None:
        try:
            async with self._services.bot_places:
                left = await run_turn(self._services, id, claimed)
                while left is not None and left.unanswered:
                    left = await run_turn(self._services, id)
        except asyncio.CancelledError:
            raise
        except Exception:  # the sweep tries again; a turn's failure must not end the runner
            log.exception("bot turn of %s", id)

    async def _places_forever(self) -> None:
        while True:
            await self._queue_moved.wait()
            await asyncio.sleep(PLACES_EVERY_SECONDS)
            self._queue_moved.clear()
            try:
                await self._watch.tell_places()
            except Exception:
                log.exception("queue positions")

    async def _sweep_forever(self) -> None:
        while True:
            try:
                await self.sweep()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # a database or Redis that is away comes back
                log.warning("sweep: %s", error)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _patience_forever(self) -> None:
        """Apart from the sweep, which may take its time: the customer is promised a word within three seconds."""
        while True:
            try:
                await say_overdue(self._services)
            except Exception as error:  # as in the sweep
                log.warning("words of patience: %s", error)
            await asyncio.sleep(PATIENCE_SECONDS)

    async def sweep(self) -> None:
        """One look at what SQL knows and nobody told."""
        services = self._services
        now = services.now()
        for id in await services.store.read(lambda tx: tx.conversations.unanswered(now, SWEEP_LIMIT)):
            self.kick(id)
        heads = await self._heads(now)
        for id, head in heads.items():
            told = services.hub.told(id)  # which may have gone on since SQL was asked
            if told is None or head.goes_beyond(told):
                await self.catch_up(id)
        await self._end_revoked()
        self._looked_at = now  # a database that was away for minutes leaves no gap
        if await self._watch.look():
            self._queue_moved.set()
        await self._effects()

    async def _heads(self, now: datetime) -> dict[ConversationId, Head]:
        """What somebody here may not have been told of: what has changed lately, and of the others who are followed the next part.

        Ten thousand idle customers are not asked for every second. All of them are within FOLLOWED_SECONDS, for what is written
        by a machine whose clock is wrong.
        """
        hub, since = self._services.hub, (self._looked_at or now) - LOOK_BACK
        recent = await self._services.store.read(lambda tx: tx.conversations.changed_since(since))
        heads = {id: head for id, head in recent.items() if hub.desks or hub.follows(id)}
        self._to_compare = self._to_compare or hub.followed()
        part = max(FOLLOWED_AT_ONCE, len(self._to_compare) // FOLLOWED_SECONDS)
        some, self._to_compare = self._to_compare[:part], self._to_compare[part:]
        others = [id for id in some if id not in heads]
        return heads | await self._services.store.read(lambda tx: tx.conversations.heads(others))

    async def _end_revoked(self) -> None:
        """End connections whose token was revoked elsewhere, when no wake-up said so."""
        hub = self._services.hub
        self._to_vouch = self._to_vouch or hub.tokens()
        part = max(FOLLOWED_AT_ONCE, len(self._to_vouch) // REVOKED_SECONDS)
        tokens, self._to_vouch = self._to_vouch[:part], self._to_vouch[part:]
        known = await self._services.store.read(lambda tx: tx.customers.known_tokens(tokens))
        for token in tokens:
            if token not in known:
                hub.end_sockets(token)

    async def catch_up(
        self, id: ConversationId, *, queue_changed: bool = False, ring: str | None = None, lost: str | None = None
    ) -> None:
        """Tell readers here what happened to a conversation elsewhere."""
        hub = self._services.hub
        known = hub.told(id)

        def work(tx: Transaction) -> Change | None:
            c = tx.conversations.get(id)
            if c is None:
                return None
            seq = known.last_seq if known else max(c.last_seq - 1, 0)
            messages = tuple(tx.messages.after(id, seq, SWEEP_LIMIT, private=True))
            moved = known is None or known.epoch != c.owner.epoch
            return Change(
                c, messages, owner_changed=moved, queue_changed=queue_changed or moved, ring=ring, previous_owner=lost
            )

        change = await self._services.store.read(work)
        if change is not None:
            hub.dispatch(change)
            if len(change.messages) == SWEEP_LIMIT:
                hub.fall_behind(id)

    async def on_wake(self, channel: str, payload: dict[str, Any]) -> None:
        """A word from another gateway."""
        hub = self._services.hub
        if payload.get("origin") == hub.origin:
            return
        id = ConversationId(str(payload.get("id")))
        if channel == "revoked":
            hub.end_sockets(id)
        elif channel == "presence":
            hub.tell_presence(id, str(payload.get("status")))
        elif channel == "typing":
            hub.tell_typing(Typing(id, str(payload.get("sender")), payload.get("to")))
        elif hub.follows(id) or hub.desks:
            await self.catch_up(
                id, queue_changed=bool(payload.get("queue")), ring=payload.get("ring"), lost=payload.get("lost")
            )

    async def _effects(self) -> None:
        """Tell the shop of cases it has not heard of; forget what is past its time."""
        services = self._services
        now = services.now()
        for case in await services.store.read(lambda tx: tx.cases.without_effect(now, 10)):
            await tell_shop(services, case)
        elapsed = asyncio.get_running_loop().time()
        if elapsed - self._last_housekeeping > HOUSEKEEPING_SECONDS:
            self._last_housekeeping = elapsed
            await services.store.write(lambda tx: tx.records.forget_old(now))
            await services.store.write(lambda tx: tx.outbox.forget(now - SENT_KEPT, now - DEAD_KEPT))
