"""Who follows what in this process: customers their conversation, desks what their agent may see.

The hub carries facts that are already committed. It may drop any of them: a reader that finds a gap, overflows or was asleep
reads the log after its cursor, and the sweep finds what no wake-up told.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from handoff.domain.conversation import Head, OwnerType
from handoff.domain.ids import ConversationId
from handoff.domain.people import Agent
from handoff.services.facts import Change, Place, Receipt, Typing
from handoff.services.ports import Bus
from handoff.services.subscription import Subscription

# What a desk may have waiting; beyond it the desk is told to read its lists again.
DESK_BACKLOG = 1000
# Events that go out together.
TOGETHER = 50
# Conversations whose newest state we remember having told; older ones are simply read again.
REMEMBERED = 20_000


class Desk:
    """One agent's connection."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._events: deque[dict[str, Any]] = deque()
        self._wake = asyncio.Event()
        self.overflowed = False
        self._offered: dict[str, object] = {}

    def offer(self, event: dict[str, Any]) -> None:
        """An offer for this desk, once for each time that it rings."""
        key, until = str(event["handoff_id"]), event["expires_at"]
        if self._offered.get(key) == until:
            return
        if len(self._offered) >= DESK_BACKLOG:
            self._offered.clear()
        self._offered[key] = until
        self.push(event)

    def push(self, event: dict[str, Any]) -> None:
        """One event for this desk."""
        if len(self._events) >= DESK_BACKLOG:
            self.overflowed = True
        else:
            self._events.append(event)
        self._wake.set()

    async def events(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Events, those together that are there, until the desk has fallen too far behind."""
        while not self.overflowed:
            await self._wake.wait()
            self._wake.clear()
            while self._events:
                yield [self._events.popleft() for _ in range(min(len(self._events), TOGETHER))]


class Hub:
    """The readers of this process, and the bus to the others."""

    def __init__(self, bus: Bus, origin: str) -> None:
        self._bus = bus
        self.origin = origin
        self._readers: dict[ConversationId, set[Subscription]] = defaultdict(set)
        self.desks: set[Desk] = set()
        self._statuses: dict[str, str] = {}
        self._sockets: dict[str, set[asyncio.Future[None]]] = {}
        self._told: OrderedDict[ConversationId, Head] = OrderedDict()
        self.listeners: list[Callable[[Change], None]] = []
        """Called with every change, local or learned: desks, turn starting, queue positions."""

    @contextmanager
    def subscribe(self, id: ConversationId) -> Iterator[Subscription]:
        """Follow a conversation for as long as the context lasts."""
        subscription = Subscription()
        self._readers[id].add(subscription)
        try:
            yield subscription
        finally:
            self._readers[id].discard(subscription)
            if not self._readers[id]:
                del self._readers[id]

    @contextmanager
    def desk(self, agent: Agent) -> Iterator[Desk]:
        """Register an agent's connection."""
        desk = Desk(agent)
        self.desks.add(desk)
        try:
            yield desk
        finally:
            self.desks.discard(desk)

    @contextmanager
    def socket(self, token_hash: str) -> Iterator[asyncio.Future[None]]:
        """Register a connection; the future is done when its token is revoked."""
        revoked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sockets.setdefault(token_hash, set()).add(revoked)
        try:
            yield revoked
        finally:
            self._sockets[token_hash].discard(revoked)
            if not self._sockets[token_hash]:
                del self._sockets[token_hash]

    async def revoke(self, token_hash: str) -> None:
        """End all connections that came with this token, in every gateway."""
        self.end_sockets(token_hash)
        await self._bus.publish("revoked", {"origin": self.origin, "id": token_hash})

    def tokens(self) -> list[str]:
        """The hashes of the tokens that connections here came with."""
        return list(self._sockets)

    def end_sockets(self, token_hash: str) -> None:
        """End those of this process."""
        for revoked in self._sockets.get(token_hash, ()):
            if not revoked.done():
                revoked.set_result(None)

    def followed(self) -> list[ConversationId]:
        """The conversations that somebody here reads."""
        return list(self._readers)

    def follows(self, id: ConversationId) -> bool:
        """Whether somebody here reads it."""
        return id in self._readers

    def told(self, id: ConversationId) -> Head | None:
        """What readers here have been told of."""
        return self._told.get(id)

    def told_beyond(self, id: ConversationId, head: Head) -> bool:
        """Whether something was told that a reader who looked at this head before he subscribed has missed.

        What another gateway did in that moment, and told nobody here, the sweep finds as it finds all such.
        """
        told = self._told.get(id)
        return told is not None and told.goes_beyond(head)

    def greeted(self, id: ConversationId, head: Head) -> None:
        """The first reader here begins with this: nothing to tell him again, as the next sweep would."""
        if id not in self._told and len(self._readers.get(id, ())) == 1:
            self.remember(id, head)

    def remember(self, id: ConversationId, head: Head) -> None:
        """Readers here know the conversation up to this."""
        old = self._told.pop(id, Head(0, 0, 0, 0))
        self._told[id] = Head(*map(max, old, head))
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    async def announce(self, change: Change) -> None:
        """Tell readers here, and wake the other gateways. Only after the commit."""
        self.dispatch(change)
        conversation = change.conversation
        await self._bus.publish(
            "wake",
            {"origin": self.origin, "id": conversation.id, "seq": conversation.last_seq, "epoch": conversation.owner.epoch,
             "queue": change.queue_changed, "ring": change.ring, "lost": change.previous_owner},
        )  # fmt: skip

    def dispatch(self, change: Change) -> None:
        """Tell readers here."""
        conversation = change.conversation
        before = self._told.get(conversation.id, Head(0, 0, 0, 0))
        self.remember(conversation.id, conversation.head)
        for subscription in self._readers.get(conversation.id, ()):
            subscription.push(change)
            if conversation.read_seq > before.read_seq:
                subscription.tell(Receipt(conversation.public_read_seq))
        if conversation.customer_read_seq > before.customer_read_seq and conversation.owner.type is OwnerType.AGENT:
            event = {"type": "read", "conversation_id": conversation.id, "seq": conversation.customer_read_seq}
            self._tell_agent(conversation.owner.id, event)
        for listener in self.listeners:
            listener(change)

    async def typing(self, typing: Typing) -> None:
        """Tell that somebody writes."""
        self.tell_typing(typing)
        await self._bus.publish(
            "typing", {"origin": self.origin, "id": typing.conversation_id, "sender": typing.sender, "to": typing.to}
        )

    def tell_typing(self, typing: Typing) -> None:
        """Tell readers here that somebody writes: the customer to his agent's desk, the agent to the customer."""
        if typing.sender == "customer":
            event = {"type": "typing", "conversation_id": typing.conversation_id, "sender": "customer"}
            self._tell_agent(typing.to, event)
        else:
            for subscription in self._readers.get(typing.conversation_id, ()):
                subscription.tell(typing)

    def _tell_agent(self, agent_id: str | None, event: dict[str, Any]) -> None:
        for desk in self.desks:
            if desk.agent.id == agent_id:
                desk.push(event)

    def fall_behind(self, id: ConversationId) -> None:
        """Make the readers of a conversation look at the log: there is more than they were told."""
        for subscription in self._readers.get(id, ()):
            subscription.fall_behind()

    async def presence(self, agent_id: str, status: str) -> None:
        """Tell every desk that an agent came or went."""
        self.tell_presence(agent_id, status)
        await self._bus.publish("presence", {"origin": self.origin, "id": agent_id, "status": status})

    def tell_presence(self, agent_id: str, status: str, *, first: bool = False) -> None:
        """Tell every desk here what is news to this process; at the `first` look nothing is."""
        news = self._statuses.get(agent_id) != status
        self._statuses[agent_id] = status
        if news and not first:
            self.tell_all({"type": "presence.changed", "agent_id": agent_id, "status": status})

    def tell_all(self, event: dict[str, Any]) -> None:
        """Tell every desk here."""
        for desk in self.desks:
            desk.push(event)

    def tell_place(self, id: ConversationId, place: Place) -> None:
        """Tell a waiting customer where he stands."""
        for subscription in self._readers.get(id, ()):
            subscription.tell(place)
