"""FAQ entries as rows of a table, for spreadsheets: one row an entry, its phrasings one on each line of a cell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff.domain.faq import LANGUAGES, Entry, EntryInvalid, EntryStatus, StoredEntry, check_entry, tidy_phrasing

COLUMNS = ("id", "category", "status", "phrasings.zh", "answer.zh", "phrasings.en", "answer.en", "version")
REQUIRED = ("id", "category")
# What a spreadsheet program and a reader can still handle; more come in several files.
MAX_ROWS = 20_000


@dataclass(frozen=True)
class RowProblem:
    """What is wrong in one cell. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    column: str
    code: str
    message: str


class TableRefused(ValueError):
    """A table that cannot be taken over, with all that is wrong in it."""

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"row {p.row}, {p.column}: {p.message}" for p in self.problems[:3]))


@dataclass
class Plan:
    """What a table would do: new entries, and changes over the version each was compared with."""

    created: list[tuple[int, Entry]] = field(default_factory=list)
    changed: list[tuple[int, Entry, int]] = field(default_factory=list)
    unchanged: int = 0


def to_cells(stored: StoredEntry) -> list[str]:
    """An entry as a row of COLUMNS."""
    entry = stored.entry
    phrasings = {language: "\n".join(entry.phrasings.get(language, ())) for language in LANGUAGES}
    answer = {language: entry.answer.get(language, "") for language in LANGUAGES}
    return [
        entry.id,
        entry.category,
        entry.status.value,
        phrasings["zh"],
        answer["zh"],
        phrasings["en"],
        answer["en"],
        str(stored.version),
    ]


def make_plan(
    rows: Sequence[tuple[int, Sequence[str]]],
    known: Mapping[str, StoredEntry],
    categories: Collection[str] | None,
) -> Plan:
    """What the rows (their numbers, their cells; the first is the header) would change. Raises TableRefused, with every problem.

    A column that is left out stays as it is; an empty cell empties its field. `categories`: those that may be used, None: any.
    """
    header = _header(rows)
    problems: list[RowProblem] = []
    plan, seen = Plan(), dict[str, int]()
    if len(rows) - 1 > MAX_ROWS:
        raise TableRefused([RowProblem(MAX_ROWS + 2, "id", "too_many_rows", f"there are more than {MAX_ROWS} rows")])
    for number, texts in rows[1:]:
        if extra := [place for place in range(len(header), len(texts)) if texts[place].strip()]:
            message = f"the row has {extra[0] + 1} cells, the header {len(header)}"
            problems.append(RowProblem(number, f"column {extra[0] + 1}", "extra_cell", message))
            continue
        cells = dict(zip(header, [*texts, *[""] * len(header)], strict=False))
        id = cells["id"] = cells["id"].strip()
        if id and id in seen:
            problems.append(RowProblem(number, "id", "repeated", f"the id {id} stands in row {seen[id]} already"))
            continue
        seen[id] = number
        before = known.get(id)
        found = _row_problems(number, cells, before, categories)
        try:
            entry = check_entry(**_fields(cells, before))
        except EntryInvalid as invalid:
            found += [RowProblem(number, _column(p.field), p.code, p.message) for p in invalid.problems]
            entry = None
        if entry is not None and before is not None and entry == before.entry:
            plan.unchanged += 1
        elif entry is None or found:
            problems += found
        elif before is None:
            plan.created.append((number, entry))
        else:
            plan.changed.append((number, entry, before.version))
    if problems:
        raise TableRefused(problems)
    return plan


def stale(number: int, id: str) -> RowProblem:
    """The row was made from a version of the entry that is no longer the newest."""
    return RowProblem(number, "version", "stale", f"{id} was changed since this table was exported")


def _header(rows: Sequence[tuple[int, Sequence[str]]]) -> list[str]:
    if not rows:
        raise TableRefused([RowProblem(1, "id", "empty", "the file is empty")])
    number, names = rows[0]
    header = [name.strip().lower() for name in names]
    while header and not header[-1]:
        header.pop()
    problems = [
        RowProblem(
            number,
            name or f"column {place}",
            "unknown_column",
            f"there is no column {name!r}; known: {', '.join(COLUMNS)}",
        )
        for place, name in enumerate(header, start=1)
        if name not in COLUMNS
    ]
    problems += [
        RowProblem(number, name, "repeated", f"the column {name} stands twice")
        for name in COLUMNS
        if header.count(name) > 1
    ]
    problems += [
        RowProblem(number, name, "missing_column", f"the column {name} is missing")
        for name in REQUIRED
        if name not in header
    ]
    if problems:
        raise TableRefused(problems)
    return header


def _row_problems(
    number: int, cells: Mapping[str, str], before: StoredEntry | None, categories: Collection[str] | None
) -> list[RowProblem]:
    problems = []
    category, version = cells["category"].strip(), cells.get("version", "").strip()
    if categories is not None and category and category not in categories:
        message = f"no entry has the category {category[:50]}; say new_categories to begin one"
        problems.append(RowProblem(number, "category", "unknown", message))
    if version and not (version.isascii() and version.isdigit()):
        problems.append(RowProblem(number, "version", "not_a_number", "the version is not a whole number"))
    elif version and before is not None and int(version) != before.version:
        problems.append(stale(number, before.entry.id))
    return problems


def _fields(cells: Mapping[str, str], before: StoredEntry | None) -> dict[str, Any]:
    """What `check_entry` takes, from a row over what is there."""
    entry = before.entry if before else None
    phrasings: dict[str, Any] = dict(entry.phrasings) if entry else {}
    answer: dict[str, Any] = dict(entry.answer) if entry else {}
    for language in LANGUAGES:
        if (lines := cells.get(f"phrasings.{language}")) is not None:
            split = (tidy_phrasing(line) for line in lines.replace("\r", "\n").split("\n"))
            phrasings[language] = [line for line in split if line]
        if (text := cells.get(f"answer.{language}")) is not None:
            answer[language] = text
    status = cells.get("status", "").strip().lower()
    return {
        "id": cells["id"],
        "category": cells["category"].strip(),
        "phrasings": phrasings,
        "answer": answer,
        "status": status or (entry.status if entry else EntryStatus.PUBLISHED),
    }


def _column(field: str) -> str:
    """The column of a field: of phrasings.zh.2 it is phrasings.zh; what no language has belongs to the first."""
    name, _, rest = field.partition(".")
    language = rest.partition(".")[0] or LANGUAGES[0]
    return f"{name}.{language}" if name in ("phrasings", "answer") else name
