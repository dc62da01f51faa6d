"""The knowledge base as people edit it while the system runs. Whoever changes an entry names the version that he saw; all is audited.

The search process follows the table by itself: what is stored here is searched a second later.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from handoff.domain.errors import Conflict, Invalid, KefuError, NotFound
from handoff.domain.faq import Entry, EntryInvalid, EntryStatus, StoredEntry, check_entry
from handoff.domain.ids import new_id
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.ports import Transaction
from handoff.services.views import moment

FIELDS = ("category", "status", "phrasings", "answer")


class EntryRefused(KefuError):
    """An entry that cannot be used: every field that is wrong, with a code."""

    status, code = 422, "invalid"

    def __init__(self, invalid: EntryInvalid) -> None:
        super().__init__(str(invalid), errors=[{"field": p.field, "code": p.code} for p in invalid.problems])


class EntryExists(Conflict):
    """Another entry has this id."""

    code = "entry_exists"


class StaleVersion(Conflict):
    """Somebody else changed the entry since; `entry` in the body is the fresh one."""

    code = "stale_version"


def entry_json(stored: StoredEntry) -> dict[str, Any]:
    """An entry as the API gives it."""
    entry = stored.entry
    return {
        "id": entry.id,
        "category": entry.category,
        "status": entry.status.value,
        "phrasings": {language: list(texts) for language, texts in entry.phrasings.items()},
        "answer": dict(entry.answer),
        "version": stored.version,
        "updated_at": moment(stored.updated_at),
        "updated_by": stored.updated_by,
    }


async def list_entries(
    services: Services, q: str | None, category: str | None, status: str | None, after: str | None, limit: int
) -> dict[str, Any]:
    """`{items, total, next_cursor}` by id; `q`: all its words stand somewhere in the entry. Raises Invalid."""
    if status is not None and status not in list(EntryStatus):
        raise Invalid("status", "unknown")
    words = _plain(q or "").split()
    found = [
        stored
        for stored in await services.store.read(lambda tx: tx.faq_entries.all())
        if (category is None or stored.entry.category == category)
        and (status is None or stored.entry.status == status)
        and all(word in _plain(_words(stored.entry)) for word in words)
    ]
    page = [stored for stored in found if after is None or stored.entry.id > after][: limit + 1]
    more = len(page) > limit
    items = [entry_json(stored) for stored in page[:limit]]
    return {"items": items, "total": len(found), "next_cursor": items[-1]["id"] if more else None}


async def list_categories(services: Services) -> list[dict[str, Any]]:
    """`{category, published, draft, archived}` of each."""
    counts: dict[str, dict[str, int]] = {}
    for stored in await services.store.read(lambda tx: tx.faq_entries.all()):
        own = counts.setdefault(stored.entry.category, {status.value: 0 for status in EntryStatus})
        own[stored.entry.status.value] += 1
    return [{"category": category, **counts[category]} for category in sorted(counts)]


async def read_entry(services: Services, id: str) -> dict[str, Any]:
    """One entry. Raises NotFound."""
    return entry_json(await services.store.read(lambda tx: access_entry(tx, id)))


async def create_entry(
    services: Services, actor: Agent, fields: dict[str, Any], *, new_category: bool
) -> dict[str, Any]:
    """Store a new entry; without an id it gets one. Raises EntryRefused, EntryExists."""
    given = {"status": EntryStatus.PUBLISHED.value, **fields, "id": fields.get("id") or f"faq-{new_id()[:12]}"}
    entry = checked(given)

    def work(tx: Transaction) -> dict[str, Any]:
        check_category(tx, entry.category, new_category=new_category)
        return entry_json(do_create(tx, services, actor, entry))

    return await services.store.write(work)


def do_create(tx: Transaction, services: Services, actor: Agent, entry: Entry) -> StoredEntry:
    """Store a checked entry. Raises EntryExists."""
    if tx.faq_entries.get(entry.id) is not None:
        raise EntryExists(f"there is an entry {entry.id} already", errors=[{"field": "id", "code": "exists"}])
    now = services.now()
    tx.faq_entries.add([entry], now, actor.id)
    tx.records.audit(now, actor.id, "faq_create", entry.id, {"status": entry.status.value})
    return access_entry(tx, entry.id)


async def change_entry(
    services: Services, actor: Agent, id: str, version: int, changes: dict[str, Any], *, new_category: bool = False
) -> dict[str, Any]:
    """Set what of FIELDS is given and not None. Raises NotFound, EntryRefused, StaleVersion."""
    given = {field: changes[field] for field in FIELDS if changes.get(field) is not None}

    def work(tx: Transaction) -> dict[str, Any]:
        before = access_entry(tx, id)
        fresh = checked(entry_json(before) | given)
        if fresh.category != before.entry.category:
            check_category(tx, fresh.category, new_category=new_category)
        return entry_json(_do_change(tx, services, actor, before, fresh, version))

    return await services.store.write(work)


async def archive_entry(services: Services, actor: Agent, id: str, version: int) -> dict[str, Any]:
    """Take an entry out of the search. Raises NotFound, StaleVersion."""

    def work(tx: Transaction) -> dict[str, Any]:
        before = access_entry(tx, id)
        fresh = replace(before.entry, status=EntryStatus.ARCHIVED)
        return entry_json(_do_change(tx, services, actor, before, fresh, version))

    return await services.store.write(work)


async def restore_entry(services: Services, actor: Agent, id: str, version: int) -> dict[str, Any]:
    """Search an archived entry again; one that never had an answer is a draft again. Raises NotFound, StaleVersion, Conflict."""

    def work(tx: Transaction) -> dict[str, Any]:
        before = access_entry(tx, id)
        if before.entry.status is not EntryStatus.ARCHIVED:
            raise Conflict(code="not_archived")
        status = EntryStatus.PUBLISHED if before.entry.answer else EntryStatus.DRAFT
        return entry_json(_do_change(tx, services, actor, before, replace(before.entry, status=status), version))

    return await services.store.write(work)


async def publish_entry(services: Services, actor: Agent, id: str, version: int) -> dict[str, Any]:
    """Search an entry from now on. Raises NotFound, EntryRefused (it has no answer yet), StaleVersion."""
    return await change_entry(services, actor, id, version, {"status": EntryStatus.PUBLISHED.value})


def access_entry(tx: Transaction, id: str) -> StoredEntry:
    """The entry. Raises NotFound."""
    found = tx.faq_entries.get(id)
    if found is None:
        raise NotFound("no such entry")
    return found


def checked(fields: dict[str, Any]) -> Entry:
    """An entry of `id` and FIELDS. Raises EntryRefused."""
    try:
        return check_entry(*(fields.get(name) for name in ("id", "category", "phrasings", "answer", "status")))
    except EntryInvalid as invalid:
        raise EntryRefused(invalid) from None


def check_category(tx: Transaction, category: str, *, new_category: bool) -> None:
    """Refuse a category that no entry has, unless it is meant to be new: it is most often a slip. Raises Invalid."""
    known = tx.faq_entries.categories()
    if known and category not in known and not new_category:
        raise Invalid("category", "unknown", f"no entry has the category {category}; say new_category to begin one")


def _do_change(
    tx: Transaction, services: Services, actor: Agent, before: StoredEntry, fresh: Entry, version: int
) -> StoredEntry:
    now, entry = services.now(), before.entry
    if version != before.version:
        raise StaleVersion(entry=entry_json(before))
    changed = [field for field in FIELDS if getattr(entry, field) != getattr(fresh, field)]
    if not changed:
        return before
    if tx.faq_entries.change([(fresh, version)], now, actor.id):
        raise StaleVersion(entry=entry_json(access_entry(tx, entry.id)))
    tx.records.audit(now, actor.id, "faq_change", entry.id, {"fields": changed, "status": fresh.status.value})
    return access_entry(tx, entry.id)


def _words(entry: Entry) -> str:
    return "\n".join((entry.id, entry.category, *entry.texts(), *entry.answer.values()))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
