"""Cases, for agents."""

from __future__ import annotations

from typing import Any

from sanic.response import HTTPResponse

from handoff.domain.ids import CaseId
from handoff.services.cases import move_case, read_case, search_cases
from handoff.services.views import case_json, moment
from handoff.web.routing import Access, Body, Call, Routes
from handoff.web.spreadsheets import write_csv

routes = Routes()
BASE = "/api/v1"
MOST = 200
MOST_CSV = 10_000
_COLUMNS = ["number", "kind", "status", "order_number", "summary", "team", "due_at", "created_at"]


class NewStatus(Body):
    """Where it goes, and why."""

    status: str
    note: str | None = None


@routes.add("GET", f"{BASE}/cases", Access.AGENT, "List cases of your teams")
async def cases(call: Call) -> dict[str, Any]:
    """`{items}`; query: status, kind, limit."""
    limit = call.number("limit", MOST, 1, MOST)
    found = await search_cases(call.services, call.agent, call.query("status"), call.query("kind"), limit)
    return {"items": [case_json(c) for c in found]}


@routes.add("GET", f"{BASE}/cases.csv", Access.SUPERVISOR, "All cases as CSV")
async def cases_csv(call: Call) -> HTTPResponse:
    """UTF-8 with a byte order mark, so that spreadsheets read Chinese."""
    found = await search_cases(call.services, call.agent, call.query("status"), call.query("kind"), MOST_CSV)
    rows = [case_json(case) for case in found]
    table = write_csv([_COLUMNS, *(["" if row[c] is None else str(row[c]) for c in _COLUMNS] for row in rows)])
    headers = {"Content-Disposition": 'attachment; filename="cases.csv"', "Cache-Control": "no-store"}
    return HTTPResponse(table, 200, headers, "text/csv; charset=utf-8")


@routes.add("GET", f"{BASE}/cases/<id:str>", Access.AGENT, "Read one case and what happened to it")
async def case(call: Call, id: str) -> dict[str, Any]:
    """The case and `events`."""
    found, events = await read_case(call.services, call.agent, CaseId(id))
    return case_json(found) | {"events": [e | {"at": moment(e["at"])} for e in events]}


async def _again(call: Call, id: str) -> dict[str, Any]:
    """The case as it is now, for a repeat of a move that was done."""
    return case_json((await read_case(call.services, call.agent, CaseId(id)))[0])


@routes.add(
    "POST", f"{BASE}/cases/<id:str>/status", Access.AGENT, "Move a case on", body=NewStatus, once=True, again=_again
)
async def move(call: Call, id: str) -> dict[str, Any]:
    """The case as it is now."""
    return case_json(await move_case(call.services, call.agent, CaseId(id), call.body.status, call.body.note))
