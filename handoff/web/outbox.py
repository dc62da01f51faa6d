"""What supervisors see of messages that no network has taken, and send again."""

from __future__ import annotations

from typing import Any

from handoff.services.outbox import list_outbox, resend
from handoff.web.routing import Access, Call, Routes

routes = Routes()
BASE = "/api/v1/outbox"


@routes.add("GET", BASE, Access.SUPERVISOR, "List what is to be sent to networks, was sent, or was given up")
async def outbox(call: Call) -> dict[str, Any]:
    """`{items}`, newest first; query: state (dead, pending, sent), limit."""
    return await list_outbox(call.services, call.query("state") or "dead", call.number("limit", 100, 1, 500))


@routes.add("POST", f"{BASE}/<id:str>/resend", Access.SUPERVISOR, "Send again what was given up")
async def resend_one(call: Call, id: str) -> dict[str, Any]:
    """The row as it is now; 409 `not_dead`."""
    return await resend(call.services, call.agent, id)
