"""FAQ entries as people write them: one YAML file per category, checked with errors that name file and entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from handoff.domain.faq import Entry, EntryInvalid, check_entry

FOLDER = Path(__file__).parent / "entries"


class EntryError(ValueError):
    """An entry that cannot be used; the text names the file and the entry."""


def load_folder(folder: Path = FOLDER) -> list[Entry]:
    """All entries of `*.yml` in a folder, by file name. Raises EntryError for the first that is broken or repeats an id."""
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        for entry in load_file(path):
            if entry.id in seen:
                raise EntryError(f"{path.name}: {entry.id}: this id already stands in {seen[entry.id]}")
            seen[entry.id] = path.name
            entries.append(entry)
    return entries


def load_file(path: Path) -> list[Entry]:
    """The entries of one file; its name is their category. Raises EntryError."""
    try:
        items = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EntryError(f"{path.name}: not readable as YAML: {str(error).splitlines()[0]}") from error
    if items is None:
        return []
    if not isinstance(items, list):
        raise EntryError(f"{path.name}: expected a list of entries")
    return [_entry(item, path.stem, f"{path.name}: entry {number}") for number, item in enumerate(items, start=1)]


def _entry(item: Any, category: str, where: str) -> Entry:
    if not isinstance(item, dict):
        raise EntryError(f"{where}: expected id, phrasings and answer")
    where = f"{where} ({item['id']})" if isinstance(item.get("id"), str) else where
    unknown = sorted(str(key) for key in set(item) - {"id", "phrasings", "answer"})
    if unknown:
        raise EntryError(f"{where}: unknown field {unknown[0]!r}")
    try:
        return check_entry(item.get("id"), category, item.get("phrasings"), item.get("answer"))
    except EntryInvalid as invalid:
        raise EntryError(f"{where}: {invalid}") from None
