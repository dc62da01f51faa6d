"""Whether we live, whether we are ready, and what we count."""

from __future__ import annotations

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest
from sanic.response import HTTPResponse

from handoff.services.desk import list_teams
from handoff.web.routing import Access, Call, Routes, json_response

routes = Routes()
_waiting = Gauge("kefu_waiting", "Conversations that wait for a human", ["team"])
_online = Gauge("kefu_agents_online", "Agents who are present", ["team"])
# Without these no message can be stored; the others only degrade us.
VITAL = ("database",)


@routes.add("GET", "/healthz", Access.PUBLIC, "Alive")
async def healthz(call: Call) -> dict[str, Any]:
    """200 as long as the process answers."""
    return {"ok": True}


@routes.add("GET", "/readyz", Access.PUBLIC, "Ready, and which parts are degraded")
async def readyz(call: Call) -> HTTPResponse:
    """`{ready, parts: {name: bool}, degraded: [...]}`; 503 when nothing can be stored."""
    parts: dict[str, bool] = await call.request.app.ctx.gateway.parts()
    ready = all(parts[name] for name in VITAL)
    body = {"ready": ready, "parts": parts, "degraded": [n for n, ok in parts.items() if not ok]}
    return json_response(body, 200 if ready else 503, None if ready else {"Retry-After": "2"})


@routes.add("GET", "/metrics", Access.INTERNAL, "Prometheus metrics")
async def metrics(call: Call) -> HTTPResponse:
    """Text format."""
    for team in await list_teams(call.services):
        _waiting.labels(team["id"]).set(team["waiting"])
        _online.labels(team["id"]).set(team["online"])
    return HTTPResponse(generate_latest(REGISTRY).decode(), 200, None, CONTENT_TYPE_LATEST)
