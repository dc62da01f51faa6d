"""What the desks of this gateway are told: messages at once, the rows of their lists a moment later and together.

A row costs several questions to SQL, a message none: everything about it is in the change. So messages never wait behind
rows, and however many messages a conversation gets in a moment, its row is made once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from handoff.domain.conversation import OwnerType
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.desk import queue_counts, summarise_all
from handoff.services.facts import Change
from handoff.services.handoffs import handoff_of
from handoff.services.ports import Transaction
from handoff.services.views import message_for_agent, moment

log = logging.getLogger(__name__)

# Rows of lists are told this much later, if nothing rings. Where many change they take their time, and get a tenth of ours.
ROWS_EVERY_SECONDS = 0.2
ROWS_AT_LEAST_EVERY_SECONDS = 1.0
ROWS_SHARE = 0.1

JsonObject = dict[str, Any]


def concerns(agent: Agent, change: Change) -> bool:
    """Whether a change is for this desk: what he may see, and what he just lost or others of his team took."""
    owner = change.conversation.owner
    if agent.oversees or owner.type is OwnerType.AGENT and owner.id == agent.id:
        return True
    if change.owner_changed or change.queue_changed:
        return change.previous_owner == agent.id or change.conversation.team_id in agent.team_ids
    return owner.type is OwnerType.QUEUE and change.conversation.team_id in agent.team_ids


def may_read(agent: Agent, change: Change) -> bool:
    """Whether this agent may read the words of the conversation now."""
    owner = change.conversation.owner
    if agent.oversees:
        return True
    if owner.type is OwnerType.AGENT:
        return owner.id == agent.id
    return owner.type is OwnerType.QUEUE and change.conversation.team_id in agent.team_ids


def _base(change: Change) -> JsonObject:
    c = change.conversation
    return {"conversation_id": c.id, "seq": c.last_seq, "epoch": c.owner.epoch}


def merged(earlier: Change, later: Change) -> Change:
    """Two changes of one conversation as one; their messages are told already."""
    newest = later if later.conversation.last_seq >= earlier.conversation.last_seq else earlier
    return Change(
        newest.conversation,
        owner_changed=earlier.owner_changed or later.owner_changed,
        queue_changed=earlier.queue_changed or later.queue_changed,
        previous_owner=later.previous_owner or earlier.previous_owner,
        ring=later.ring or earlier.ring,
    )


class DeskFeed:
    """Tells the desks that are registered with the hub."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._changed: dict[str, Change] = {}
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()

    def on_change(self, change: Change) -> None:
        """Messages at once; the row soon, at once when a desk must ring."""
        desks = self._services.hub.desks
        if not desks:
            return
        if change.messages:
            base = _base(change)
            events = [
                {"type": "message.created", **base, "seq": m.seq, "message": message_for_agent(m)}
                for m in change.messages
            ]
            for desk in desks:
                if may_read(desk.agent, change):
                    for event in events:
                        desk.push(event)
        id = change.conversation.id
        self._changed[id] = merged(self._changed[id], change) if id in self._changed else replace(change, messages=())
        self._wake.set()
        if change.ring or change.owner_changed:
            self._urgent.set()

    async def run(self) -> None:
        """Tell rows, for ever."""
        clock, took = asyncio.get_running_loop().time, 0.0
        while True:
            await self._wake.wait()
            pause = min(max(ROWS_EVERY_SECONDS, took / ROWS_SHARE), ROWS_AT_LEAST_EVERY_SECONDS)
            # Not wait_for: before Python 3.12 that may swallow the cancellation that ends us.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._urgent.wait()
            self._wake.clear()
            self._urgent.clear()
            changes, self._changed = list(self._changed.values()), {}
            began = clock()
            try:
                await self._tell(changes)
            except Exception:  # desks read their lists again when they open a conversation; the feed must go on
                log.exception("telling desks")
            took = clock() - began

    async def _tell(self, changes: list[Change]) -> None:
        desks = list(self._services.hub.desks)
        changes = [change for change in changes if any(concerns(desk.agent, change) for desk in desks)]
        if not changes:
            return

        def read(tx: Transaction) -> tuple[list[JsonObject], list[JsonObject], dict[str, str | None]]:
            rows = summarise_all(tx, [change.conversation for change in changes], self._services)
            teams = queue_counts(tx) if any(change.queue_changed for change in changes) else []
            rings: dict[str, str | None] = {}
            for change in changes:
                handoff = handoff_of(tx, change.conversation) if change.ring else None
                rings[change.conversation.id] = moment(handoff.ring_until) if handoff else None
            return rows, teams, rings

        rows, teams, rings = await self._services.store.read(read)
        for desk in desks:
            for change, row in zip(changes, rows, strict=True):
                if concerns(desk.agent, change):
                    shown = row if may_read(desk.agent, change) else row | {"last_message": None}
                    desk.push({"type": "conversation.updated", **_base(change), "conversation": shown})
                if change.ring == desk.agent.id:
                    c = change.conversation
                    until = rings[c.id]
                    desk.offer(
                        {
                            "type": "handoff.offered",
                            **_base(change),
                            "handoff_id": c.handoff_id,
                            "expires_at": until,
                            "conversation": row,
                        }
                    )
            if teams:
                desk.push({"type": "queue.changed", "teams": teams})
