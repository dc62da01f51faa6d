"""The knowledge base for people: agents read it, supervisors and admins edit it, import and export it, and see what it lacks."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic.response import HTTPResponse

from handoff.domain.errors import Invalid
from handoff.domain.faq import EntryStatus
from handoff.domain.faq_table import TableRefused
from handoff.services import faq_entries, faq_import, faq_log
from handoff.web.routing import Access, Body, Call, Routes
from handoff.web.spreadsheets import read_table, write_csv, write_xlsx

routes = Routes()
BASE = "/api/v1/faq"
# 5,000 entries in two languages are about 10 MB as CSV.
MAX_IMPORT = 32 * 1024 * 1024
MOST, MOST_CLUSTERS = 500, 200
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class NewEntry(Body):
    """`phrasings`: `{"zh": ["怎么退货", …], "en": […]}`, the first is the question as shown; `answer`: `{"zh": "…", "en": "…"}`."""

    id: str | None = None
    category: Any = None
    phrasings: Any = None
    answer: Any = None
    status: Any = EntryStatus.PUBLISHED.value
    new_category: bool = False
    """Whether `category` may be one that no entry has yet."""


class EntryChanges(Body):
    """What is left out stays; `phrasings` and `answer` are replaced as a whole. `version`: the one that you saw."""

    version: int
    category: Any = None
    phrasings: Any = None
    answer: Any = None
    status: Any = None
    new_category: bool = False


class SeenVersion(Body):
    """The version that you saw."""

    version: int


class Draft(Body):
    """`days`: the period in which the cluster was listed; without a category it is `drafts`."""

    days: int = 30
    category: str | None = None
    new_category: bool = False


@routes.add("GET", f"{BASE}/entries", Access.AGENT, "List and search the entries by their words")
async def entries(call: Call) -> dict[str, Any]:
    """`{items, total, next_cursor}` by id; query: q, category, status (draft, published, archived), cursor, limit."""
    after, limit = call.query("cursor"), call.number("limit", 50, 1, MOST)
    q, category, status = call.query("q"), call.query("category"), call.query("status")
    return await faq_entries.list_entries(call.services, q, category, status, after, limit)


@routes.add("GET", f"{BASE}/categories", Access.AGENT, "List the categories")
async def categories(call: Call) -> dict[str, Any]:
    """`{items: [{category, published, draft, archived}]}`."""
    return {"items": await faq_entries.list_categories(call.services)}


@routes.add("GET", f"{BASE}/entries/<id:str>", Access.AGENT, "Read one entry")
async def entry(call: Call, id: str) -> dict[str, Any]:
    """`{id, category, status, phrasings, answer, version, updated_at, updated_by}`."""
    return await faq_entries.read_entry(call.services, id)


@routes.add("POST", f"{BASE}/entries", Access.SUPERVISOR, "Add an entry", body=NewEntry, status=201)
async def add(call: Call) -> dict[str, Any]:
    """The entry; customers find it a second later. 409 `entry_exists`; 422 names every field that is wrong."""
    fields = call.body.model_dump()
    new_category = fields.pop("new_category")
    return await faq_entries.create_entry(call.services, call.agent, fields, new_category=new_category)


@routes.add("PATCH", f"{BASE}/entries/<id:str>", Access.SUPERVISOR, "Change an entry", body=EntryChanges)
async def change(call: Call, id: str) -> dict[str, Any]:
    """The entry as it is now; 409 `stale_version` with the fresh `entry` when somebody else changed it."""
    fields = call.body.model_dump()
    version, new_category = fields.pop("version"), fields.pop("new_category")
    return await faq_entries.change_entry(call.services, call.agent, id, version, fields, new_category=new_category)


@routes.add("POST", f"{BASE}/entries/<id:str>/publish", Access.SUPERVISOR, "Let an entry be found", body=SeenVersion)
async def publish(call: Call, id: str) -> dict[str, Any]:
    """The entry; 422 while it has no answer."""
    return await faq_entries.publish_entry(call.services, call.agent, id, call.body.version)


@routes.add("POST", f"{BASE}/entries/<id:str>/archive", Access.SUPERVISOR, "Take out of the search", body=SeenVersion)
async def archive(call: Call, id: str) -> dict[str, Any]:
    """The entry; it is kept and can be restored."""
    return await faq_entries.archive_entry(call.services, call.agent, id, call.body.version)


@routes.add("POST", f"{BASE}/entries/<id:str>/restore", Access.SUPERVISOR, "Bring back to search", body=SeenVersion)
async def restore(call: Call, id: str) -> dict[str, Any]:
    """The entry; a draft again if it has no answer. 409 `not_archived`."""
    return await faq_entries.restore_entry(call.services, call.agent, id, call.body.version)


@routes.add("GET", f"{BASE}/entries.csv", Access.SUPERVISOR, "All entries as CSV")
async def export_csv(call: Call) -> HTTPResponse:
    """One row an entry, phrasings one a line of a cell; query: status. What looks like a formula has an apostrophe before it."""
    table = await faq_import.export_entries(call.services, _status(call))
    text = await asyncio.to_thread(write_csv, table)
    return _file(text.encode("utf-8", "replace"), "faq.csv", "text/csv; charset=utf-8")


@routes.add("GET", f"{BASE}/entries.xlsx", Access.SUPERVISOR, "All entries as an Excel workbook")
async def export_xlsx(call: Call) -> HTTPResponse:
    """As the CSV."""
    table = await faq_import.export_entries(call.services, _status(call))
    return _file(await asyncio.to_thread(write_xlsx, table, "FAQ"), "faq.xlsx", EXCEL)


@routes.add("POST", f"{BASE}/import", Access.SUPERVISOR, "Import a CSV or Excel file", upload=MAX_IMPORT)
async def import_file(call: Call) -> dict[str, Any]:
    """`{dry_run, rows, created, changed, unchanged}`: all rows or none. The body is the file as it is.

    Query: dry_run=1 only checks; new_categories=1 lets rows begin categories. 422 `import_refused`: `errors` has `{row, column,
    code, message}` of everything that is wrong; 413 beyond 32 MB. Columns as exported; one that is left out stays as it is.
    """
    try:
        rows = await asyncio.to_thread(read_table, call.file)
    except TableRefused as refused:
        raise faq_import.ImportRefused(refused) from None
    return await faq_import.import_entries(
        call.services,
        call.agent,
        rows,
        dry_run=_flag(call, "dry_run"),
        new_categories=_flag(call, "new_categories"),
    )


@routes.add("GET", f"{BASE}/searches", Access.SUPERVISOR, "How often the knowledge base knew")
async def searches(call: Call) -> dict[str, Any]:
    """`{from, to, searches, answer, choices, unknown, hit_rate, days, found}`; query: days (7, at most 90)."""
    return await faq_log.measure(call.services, call.number("days", 7, 1, 90))


@routes.add("GET", f"{BASE}/unanswered", Access.SUPERVISOR, "Questions that found nothing, by meaning")
async def unanswered(call: Call) -> dict[str, Any]:
    """`{from, to, searches, unknown, share, clusters: [{id, question, count, share, questions, first_at, last_at}]}`; query: days (30), limit."""
    days, limit = call.number("days", 30, 1, 90), call.number("limit", 50, 1, MOST_CLUSTERS)
    return await faq_log.unanswered(call.services, days, limit)


@routes.add(
    "POST", f"{BASE}/unanswered/<id:str>/draft", Access.SUPERVISOR, "Make a draft of a cluster", body=Draft, status=201
)
async def draft(call: Call, id: str) -> dict[str, Any]:
    """The draft, with the cluster's questions as its phrasings; give it an answer and publish it."""
    b: Draft = call.body
    return await faq_log.make_draft(
        call.services, call.agent, id, max(1, min(90, b.days)), b.category, new_category=b.new_category
    )


def _status(call: Call) -> EntryStatus | None:
    status = call.query("status")
    if status is None:
        return None
    try:
        return EntryStatus(status)
    except ValueError:
        raise Invalid("status", "unknown") from None


def _flag(call: Call, name: str) -> bool:
    return call.query(name) in ("1", "true", "yes")


def _file(content: bytes, name: str, mime: str) -> HTTPResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HTTPResponse(content, 200, headers, mime)
