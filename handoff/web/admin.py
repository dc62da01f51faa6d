"""What supervisors and admins set: hours, service levels, people, the short-handed mode; and what they look at."""

from __future__ import annotations

from typing import Any

from handoff.domain.ids import AgentId
from handoff.domain.routing import SKILLS
from handoff.services import house, places, short_handed, sla
from handoff.web.routing import Access, Body, Call, Routes

routes = Routes()
BASE = "/api/v1"


class Hours(Body):
    """`{zone, week: {mon: "09:00-12:00,13:30-18:00", …}, holidays: {"2026-10-01": ""}}`; null: a team follows the house."""

    hours: dict[str, Any] | None


class Levels(Body):
    """Seconds of business time by priority, or null: not promised."""

    policy: dict[str, Any]


class AgentChanges(Body):
    """What is left out stays."""

    capacity: int | None = None
    skills: list[str] | None = None
    languages: list[str] | None = None
    team_ids: list[str] | None = None


class ModeControl(Body):
    """`on`, `off`, or `auto`: the rule decides."""

    control: str


@routes.add("GET", f"{BASE}/settings/hours", Access.SUPERVISOR, "Read the business hours")
async def read_hours(call: Call) -> dict[str, Any]:
    """`{hours, teams, open}`."""
    return await house.read_hours(call.services)


@routes.add("PUT", f"{BASE}/settings/hours", Access.ADMIN, "Set the business hours and holidays", body=Hours)
async def set_hours(call: Call) -> dict[str, Any]:
    """The hours as they hold now."""
    return await house.set_hours(call.services, call.agent, call.body.hours)


@routes.add("PUT", f"{BASE}/teams/<id:str>/hours", Access.ADMIN, "Give a team its own hours", body=Hours)
async def set_team_hours(call: Call, id: str) -> dict[str, Any]:
    """The hours as they hold now."""
    return await house.set_hours(call.services, call.agent, call.body.hours, id)


@routes.add("GET", f"{BASE}/settings/sla", Access.SUPERVISOR, "Read the service levels")
async def read_sla(call: Call) -> dict[str, Any]:
    """`{policy}`."""
    return {"policy": await house.read_sla(call.services)}


@routes.add("PUT", f"{BASE}/settings/sla", Access.ADMIN, "Set the service levels", body=Levels)
async def set_sla(call: Call) -> dict[str, Any]:
    """`{policy}`."""
    return {"policy": await house.set_sla(call.services, call.agent, call.body.policy)}


@routes.add("GET", f"{BASE}/sla/events", Access.SUPERVISOR, "List late promises")
async def sla_events(call: Call) -> dict[str, Any]:
    """`{items}`, newest first; query: hours (24), limit."""
    hours, limit = call.number("hours", 24, 1, 24 * 90), call.number("limit", 200, 1, 1000)
    return {"items": await sla.list_events(call.services, hours, limit)}


@routes.add("GET", f"{BASE}/skills", Access.SUPERVISOR, "List the skills that are asked for")
async def skills(call: Call) -> dict[str, Any]:
    """`{items}`."""
    return {"items": list(SKILLS)}


@routes.add("PATCH", f"{BASE}/agents/<id:str>", Access.SUPERVISOR, "Change what an agent takes", body=AgentChanges)
async def change_agent(call: Call, id: str) -> dict[str, Any]:
    """The agent as he is now."""
    agent = await house.change_agent(call.services, call.agent, AgentId(id), call.body.model_dump())
    return agent.to_json()


@routes.add("GET", f"{BASE}/short_handed", Access.AGENT, "Read the short-handed mode")
async def read_mode(call: Call) -> dict[str, Any]:
    """`{on, control, since, by, load}`."""
    return await short_handed.read_mode(call.services)


@routes.add("PUT", f"{BASE}/short_handed", Access.SUPERVISOR, "Switch the short-handed mode", body=ModeControl)
async def set_mode(call: Call) -> dict[str, Any]:
    """`{on, control, since, by}`."""
    return short_handed.mode_json(await short_handed.set_mode(call.services, call.agent, call.body.control))


@routes.add("GET", f"{BASE}/queue/estimates", Access.SUPERVISOR, "Compare told waits with real ones")
async def estimates(call: Call) -> dict[str, Any]:
    """`{told, median_abs_error_seconds, within_p90, days}`."""
    return await places.measured(call.services)
