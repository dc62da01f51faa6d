"""Many entries at once: a table is taken over as a whole or not at all, and refused with everything that is wrong in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from handoff.domain.errors import KefuError
from handoff.domain.faq import EntryStatus
from handoff.domain.faq_table import COLUMNS, Plan, RowProblem, TableRefused, make_plan, stale, to_cells
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.ports import Transaction


class ImportRefused(KefuError):
    """Nothing was taken over: `errors` has every row and column that is wrong."""

    status, code = 422, "import_refused"

    def __init__(self, refused: TableRefused) -> None:
        problems = refused.problems
        errors = [
            {"field": p.column, "code": p.code, "row": p.row, "column": p.column, "message": p.message}
            for p in problems
        ]
        super().__init__(f"nothing was imported: {len(problems)} problems; {refused}", errors=errors)


async def export_entries(services: Services, status: EntryStatus | None = None) -> list[list[str]]:
    """All entries as rows of texts, the header first."""
    stored = await services.store.read(lambda tx: tx.faq_entries.all())
    return [list(COLUMNS), *(to_cells(one) for one in stored if status in (None, one.entry.status))]


async def import_entries(
    services: Services,
    actor: Agent,
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    dry_run: bool,
    new_categories: bool,
) -> dict[str, Any]:
    """Create and change what the rows say, in one transaction: `{dry_run, rows, created, changed, unchanged}`. Raises ImportRefused.

    An entry that stands in no row stays. A row that names a version refuses when the entry has another one by now.
    """
    known = {stored.entry.id: stored for stored in await services.store.read(lambda tx: tx.faq_entries.all())}
    categories = None if new_categories or not known else {stored.entry.category for stored in known.values()}
    try:
        # Thousands of rows take a second, during which messages must go on.
        plan = await asyncio.to_thread(make_plan, rows, known, categories)
        if not dry_run and (plan.created or plan.changed):
            await services.store.write(lambda tx: _carry_out(tx, services, actor, plan))
    except TableRefused as refused:
        raise ImportRefused(refused) from None
    return {
        "dry_run": dry_run,
        "rows": len(rows) - 1,
        "created": len(plan.created),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
    }


def _carry_out(tx: Transaction, services: Services, actor: Agent, plan: Plan) -> None:
    now = services.now()
    taken = tx.faq_entries.ids()
    problems = [
        RowProblem(number, "id", "exists", f"somebody else has just made an entry {entry.id}")
        for number, entry in plan.created
        if entry.id in taken
    ]
    moved = set(tx.faq_entries.change([(entry, version) for _, entry, version in plan.changed], now, actor.id))
    problems += [stale(number, entry.id) for number, entry, _ in plan.changed if entry.id in moved]
    if problems:
        raise TableRefused(problems)
    tx.faq_entries.add([entry for _, entry in plan.created], now, actor.id)
    counts = {"created": len(plan.created), "changed": len(plan.changed)}
    tx.records.audit(now, actor.id, "faq_import", "faq", counts)
