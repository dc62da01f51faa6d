"""The architecture page names what is really there."""

from __future__ import annotations

import re
from pathlib import Path

from handoff.stores.schema import metadata

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGE = (DOCS / "architecture.md").read_text()
NAMED = re.findall(r"\[`(\w+)`\]\((\.\./[\w/]+\.py)\)", PAGE)


def test_that_every_function_named_is_defined_in_the_file_it_links_to() -> None:
    assert len(NAMED) > 30
    for name, target in NAMED:
        source = (DOCS / target).resolve().read_text()
        assert re.search(rf"(?m)^\s*(?:async def|def|class) {name}\b", source), f"{name} is not in {target}"


def test_that_the_table_of_tables_is_the_schema() -> None:
    by = {None: "–", "conversation": "its conversation", "case": "its case"}
    expected = {
        name: (by.get(table.info["customer"], f"`{table.info['customer']}`"), table.info["retention"])
        for name, table in metadata.tables.items()
    }
    rows = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", PAGE.partition("## Tables")[2])
    told = {name: (customer, retention) for name, customer, retention in rows}
    assert told == expected, "docs/architecture.md, Tables: a row for each table, as its `info` in the schema says"
