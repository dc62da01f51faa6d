"""Short-handed mode as it runs: the rule looks once a second, a supervisor may decide himself, every change is audited."""

from __future__ import annotations

from typing import Any

from handoff.domain.errors import Invalid
from handoff.domain.people import Agent, Presence
from handoff.domain.short_handed import Control, Load, Mode
from handoff.services.context import Services
from handoff.services.places import places
from handoff.services.ports import Transaction
from handoff.services.rules import SHORT_HANDED, rules_of
from handoff.services.views import moment


def mode_json(mode: Mode) -> dict[str, Any]:
    """For desks: `{on, control, since, by}`; `by` is `rule` or the id of who set it by hand."""
    return {"on": mode.on, "control": mode.control.value, "since": moment(mode.since), "by": mode.by}


def load_now(tx: Transaction, services: Services) -> Load:
    """How it looks now."""
    now = services.now()
    waits = [place.wait.p50 for place in places(tx, now).values() if place.wait]
    online = sum(a.presence is Presence.ONLINE and bool(a.teams) for a in tx.agents.all(now))
    return Load(len(tx.conversations.line()), online, max(waits, default=None))


async def follow_rule(services: Services) -> Mode:
    """The mode after the rule has looked. It writes only when something changes."""
    rule, now = services.policy.short_handed, services.now()

    def look(tx: Transaction) -> tuple[Mode, Load]:
        mode = rules_of(tx, services.policy).mode
        if mode.control is not Control.AUTO:
            return mode, Load(0, 0)
        return mode, load_now(tx, services)

    mode, load = await services.store.read(look)
    if mode.after(load, rule, now) == mode:
        return mode

    def work(tx: Transaction) -> Mode:
        stored = tx.rules.lock(SHORT_HANDED)
        before = Mode.from_json(stored) if stored else Mode()
        after = before.after(load, rule, now)
        if after != before:
            tx.rules.save(SHORT_HANDED, after.to_json(), now, "rule")
        if after.on != before.on:
            state = {"on": after.on, "waiting": load.waiting, "agents": load.agents, "wait": load.wait}
            tx.records.audit(now, "rule", "short_handed", "house", state)
        return after

    return await services.store.write(work)


async def set_mode(services: Services, agent: Agent, control: object) -> Mode:
    """A supervisor switches it `on` or `off`, or leaves it to the rule (`auto`). Raises Invalid."""
    try:
        wanted = Control(control)
    except ValueError:
        raise Invalid("control", "auto_on_or_off") from None

    def work(tx: Transaction) -> Mode:
        now = services.now()
        stored = tx.rules.lock(SHORT_HANDED)
        before = Mode.from_json(stored) if stored else Mode()
        after = before.set_by_hand(wanted, agent.id, now)
        tx.rules.save(SHORT_HANDED, after.to_json(), now, agent.id)
        tx.records.audit(now, agent.id, "short_handed", "house", {"on": after.on, "control": wanted.value})
        return after

    mode = await services.store.write(work)
    services.hub.tell_all({"type": "short_handed.changed", "short_handed": mode_json(mode)})
    return mode


async def read_mode(services: Services) -> dict[str, Any]:
    """The mode with the load that the rule looks at."""

    def work(tx: Transaction) -> dict[str, Any]:
        load = load_now(tx, services)
        now = {"waiting": load.waiting, "agents": load.agents, "wait_seconds": load.wait}
        return mode_json(rules_of(tx, services.policy).mode) | {"load": now}

    return await services.store.read(work)
