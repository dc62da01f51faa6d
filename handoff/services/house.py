"""The rules of the house, set while it runs: hours and holidays, service levels, and what each agent takes. All audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from handoff.domain.errors import Invalid, NotFound
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import AgentId
from handoff.domain.people import Agent
from handoff.domain.sla import SlaPolicy
from handoff.services.context import Services
from handoff.services.offers import fill
from handoff.services.ports import Transaction
from handoff.services.rules import HOURS, SLA, rules_of, team_hours_name

T = TypeVar("T")

MAX_CAPACITY = 100
MAX_SKILLS, MAX_SKILL = 50, 50


def _checked(field: str, parse: Callable[[Any], T], value: Any) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise Invalid(field, "invalid", str(error)) from None


def _hours(tx: Transaction, services: Services) -> dict[str, Any]:
    rules = rules_of(tx, services.policy)
    now = services.now()
    teams = {t.id: rules.team_hours[t.id].to_json() for t in tx.agents.teams() if t.id in rules.team_hours}
    return {"hours": rules.hours.to_json(), "teams": teams, "open": rules.hours.open_at(now)}


async def read_hours(services: Services) -> dict[str, Any]:
    """`{hours, teams: {id: hours}, open}`: of the house, of teams with their own, and whether it is open now."""
    return await services.store.read(lambda tx: _hours(tx, services))


async def set_hours(services: Services, actor: Agent, hours: object, team_id: str | None = None) -> dict[str, Any]:
    """Set the hours of the house, or of a team (None: it follows the house again). Raises Invalid, NotFound."""
    value = None if hours is None and team_id else _checked("hours", BusinessHours.from_json, hours).to_json()

    def work(tx: Transaction) -> dict[str, Any]:
        now = services.now()
        name = HOURS
        if team_id is not None:
            if team_id not in {t.id for t in tx.agents.teams()}:
                raise NotFound("no such team")
            name = team_hours_name(team_id)
        if value is None:
            tx.rules.forget(name)
        else:
            tx.rules.save(name, value, now, actor.id)
        tx.records.audit(now, actor.id, "set_hours", name, {"hours": value})
        return _hours(tx, services)

    return await services.store.write(work)


async def read_sla(services: Services) -> dict[str, Any]:
    """The limits by priority, in seconds of business time."""
    return await services.store.read(lambda tx: rules_of(tx, services.policy).sla.to_json())


async def set_sla(services: Services, actor: Agent, policy: object) -> dict[str, Any]:
    """Set them; they hold at once, also for what runs. Raises Invalid."""
    value = _checked("policy", SlaPolicy.from_json, policy).to_json()

    def work(tx: Transaction) -> None:
        now = services.now()
        tx.rules.save(SLA, value, now, actor.id)
        tx.records.audit(now, actor.id, "set_sla", "house", value)

    await services.store.write(work)
    return value


async def change_agent(services: Services, actor: Agent, id: AgentId, changes: dict[str, Any]) -> Agent:
    """Set what of `capacity`, `skills`, `languages`, `team_ids` is given (None: as it is). Raises Invalid, NotFound.

    More room is filled at once; with less he keeps what he has.
    """
    capacity = changes.get("capacity")
    if capacity is not None and not 0 <= capacity <= MAX_CAPACITY:
        raise Invalid("capacity", f"from_0_to_{MAX_CAPACITY}")
    skills, languages = (_words(field, changes.get(field)) for field in ("skills", "languages"))

    def work(tx: Transaction) -> Agent:
        now = services.now()
        agent = tx.agents.lock(id, now)
        fresh = replace(
            agent,
            capacity=agent.capacity if capacity is None else capacity,
            skills=agent.skills if skills is None else skills,
            languages=agent.languages if languages is None else languages,
        )
        if (wanted := changes.get("team_ids")) is not None:
            teams = {t.id: t for t in tx.agents.teams()}
            if not set(wanted) <= set(teams):
                raise Invalid("team_ids", "unknown")
            fresh = replace(fresh, teams=tuple(teams[t] for t in sorted(set(wanted))))
        tx.agents.update(fresh)
        given = {k: v for k, v in changes.items() if v is not None}
        tx.records.audit(now, actor.id, "change_agent", id, given)
        return fresh

    agent = await services.store.write(work)
    await fill(services)
    return agent


def _words(field: str, given: list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    words = tuple(dict.fromkeys(word.strip().lower() for word in given))
    if len(words) > MAX_SKILLS or not all(0 < len(w) <= MAX_SKILL and w.isprintable() for w in words):
        raise Invalid(field, "short_words")
    return words
