"""What a gateway finds out for its desks and customers by asking SQL: it needs no wake-up, only a second.

People who came or went, offers to desks here, promises that are late, hands short or not, and whether places in the queue may have moved.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.ids import ConversationId
from handoff.domain.people import PRESENCE_TTL_SECONDS, Agent
from handoff.domain.short_handed import Mode
from handoff.domain.wait import differs
from handoff.services import presence, sla
from handoff.services.context import Services
from handoff.services.desk import offers_at, summarise_all
from handoff.services.facts import Place
from handoff.services.offers import fill
from handoff.services.places import places
from handoff.services.ports import SlaEvent, Transaction
from handoff.services.short_handed import follow_rule, mode_json
from handoff.services.views import moment

# Events are asked for this far back, so that clocks of several machines may differ and a slow commit is still seen.
LOOK_BACK = timedelta(seconds=15)
REMEMBERED_EVENTS = 5000
# More than a slow second between two looks: we were away, not the agents. Their desks then get time to be heard.
GAP = timedelta(seconds=10)
# How often waits are looked at while nobody comes or goes.
REFRESH_SECONDS = 15
EVENTS_AT_ONCE = 500


class Watch:
    """What this gateway has told already, and what is new."""

    def __init__(self, services: Services, *, settle_seconds: float = PRESENCE_TTL_SECONDS) -> None:
        self._services = services
        self._settle = timedelta(seconds=settle_seconds)
        self._looked_at: datetime | None = None
        self._judge_from: datetime | None = None
        self._mode: Mode | None = None
        self._events: OrderedDict[Hashable, None] = OrderedDict()
        self._places: dict[ConversationId, Place] = {}
        self._queue: Hashable = None

    async def look(self) -> bool:
        """Look once; whether places in the queue may have moved."""
        services = self._services
        if self._may_judge():
            await presence.give_back_silent(services)
            await presence.call_back_stranded(services)
        await fill(services)
        await sla.watch(services)
        self._tell_mode(await follow_rule(services))
        agents, queue = await services.store.read(self._people)
        self._tell_people(agents)
        await self._tell_offers()
        await self._tell_sla()
        moved, self._queue = queue != self._queue, queue
        return moved

    def _may_judge(self) -> bool:
        """Whether silence means anything: while nobody looked (a restart, a database that was gone) nobody could be heard."""
        now = self._services.now()
        if self._looked_at is None or now - self._looked_at > GAP:
            self._judge_from = now + self._settle
        self._looked_at = now
        return self._judge_from is None or now >= self._judge_from

    def _people(self, tx: Transaction) -> tuple[list[Agent], Hashable]:
        agents = tx.agents.all(self._services.now())
        waiting = tuple(id for id, _ in tx.conversations.line())
        # Nobody waits: whoever comes or goes moves nothing.
        if not waiting:
            return agents, ()
        hands = tuple((a.id, a.presence, a.capacity, a.load) for a in agents)
        # Time alone changes a wait, too.
        return agents, (waiting, hands, int(self._services.now().timestamp() // REFRESH_SECONDS))

    def _tell_people(self, agents: list[Agent]) -> None:
        hub = self._services.hub
        by_id = {a.id: a for a in agents}
        for desk in hub.desks:
            desk.agent = by_id.get(desk.agent.id, desk.agent)  # his teams or role may have changed
        for agent in agents:
            hub.tell_presence(agent.id, agent.presence.value, first=self._queue is None)

    def _tell_mode(self, mode: Mode) -> None:
        known, self._mode = self._mode, mode
        if known is not None and (known.on, known.control, known.since) != (mode.on, mode.control, mode.since):
            self._services.hub.tell_all({"type": "short_handed.changed", "short_handed": mode_json(mode)})

    async def _tell_offers(self) -> None:
        """What rings at desks here and was announced by a wake-up that got lost."""
        services = self._services
        ids = {d.agent.id for d in services.hub.desks}
        if not ids:
            return
        for id, event in await services.store.read(lambda tx: offers_at(tx, services, ids)):
            for desk in services.hub.desks:
                if desk.agent.id == id:
                    desk.offer(event)

    async def _tell_sla(self) -> None:
        services = self._services
        since = services.now() - LOOK_BACK
        found = await services.store.read(lambda tx: tx.sla_events.since(since, EVENTS_AT_ONCE))
        new = [e for e in reversed(found) if self._is_new(e)]
        if not new or not services.hub.desks:
            return
        for event in new:
            await self._tell_event(event)

    def _is_new(self, event: SlaEvent) -> bool:
        key = (event.conversation_id, event.kind, event.since, event.level)
        if key in self._events:
            return False
        self._events[key] = None
        if len(self._events) > REMEMBERED_EVENTS:
            self._events.popitem(last=False)
        return True

    async def _tell_event(self, event: SlaEvent) -> None:
        services = self._services

        def work(tx: Transaction) -> tuple[Any, dict[str, Any]] | None:
            conversation = tx.conversations.get(event.conversation_id)
            if conversation is None:
                return None
            return conversation, summarise_all(tx, [conversation], services)[0]

        found = await services.store.read(work)
        if found is None:
            return
        conversation, row = found
        state = "breached" if event.level == "breach" else "warning"
        told = {
            "type": f"sla.{event.level}",
            "conversation_id": conversation.id,
            "seq": conversation.last_seq,
            "epoch": conversation.owner.epoch,
            "sla": {"kind": event.kind, "due_at": moment(event.due_at), "state": state},
            "conversation": row,
        }
        for desk in services.hub.desks:
            if sla.concerns(desk.agent, conversation):
                desk.push(told)

    async def tell_places(self) -> None:
        """Tell waiting customers here where they stand: the first time, and when it has changed for them."""
        services = self._services

        def work(tx: Transaction) -> dict[ConversationId, Place]:
            return places(tx, services.now())

        found = await services.store.read(work)
        told: dict[ConversationId, Place] = {}
        for id, place in found.items():
            old = self._places.get(id)
            if not services.hub.follows(id):
                continue
            if old is None or old.position != place.position or differs(old.wait, place.wait):
                services.hub.tell_place(id, place)
                told[id] = place
            else:
                told[id] = old
        self._places = told
