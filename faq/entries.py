"""FAQ entries as people write them: one YAML file per category, checked with errors that name file and entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "entries"
LANGUAGES = ("zh", "en")
MAX_PHRASINGS = 50
MAX_PHRASING_CHARS = 200
MAX_ANSWER_CHARS = 4000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class EntryError(ValueError):
    """An entry that cannot be used; the text names the file and the entry."""


@dataclass(frozen=True)
class Entry:
    """One question with its answer. `phrasings[language][0]` is the question as shown."""

    id: str
    category: str
    phrasings: Mapping[str, tuple[str, ...]]
    answer: Mapping[str, str]
    enabled: bool = True

    def texts(self) -> list[str]:
        """All phrasings of all languages, the order of `LANGUAGES`."""
        return [text for language in LANGUAGES for text in self.phrasings.get(language, ())]

    def question(self, language: str) -> str:
        """The question in that language, or in the other one if it has none."""
        return self._either({key: texts[0] for key, texts in self.phrasings.items() if texts}, language)

    def answer_in(self, language: str) -> str:
        """The answer in that language, or in the other one if it has none."""
        return self._either(self.answer, language)

    @staticmethod
    def _either(texts: Mapping[str, str], language: str) -> str:
        return texts.get(language) or next(text for text in texts.values() if text)


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


def check_entry(id: Any, category: Any, phrasings: Any, answer: Any, *, where: str, enabled: bool = True) -> Entry:
    """An entry made of plain values. Raises EntryError, its text beginning with `where`."""
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise EntryError(f"{where}: the id must be 1 to 64 letters, digits, _ or -, not {id!r}")
    where = f"{where} ({id})"
    if not isinstance(category, str) or not _ID.fullmatch(category):
        raise EntryError(f"{where}: the category must be 1 to 64 letters, digits, _ or -")
    asked = {
        language: tuple(_phrasings(texts, language, where))
        for language, texts in _languages(phrasings, "phrasings", where)
    }
    answers = {
        language: _text(text, f"answer.{language}", MAX_ANSWER_CHARS, where)
        for language, text in _languages(answer, "answer", where)
    }
    if not any(asked.values()):
        raise EntryError(f"{where}: there is no phrasing")
    if not answers:
        raise EntryError(f"{where}: there is no answer")
    return Entry(id, category, asked, answers, enabled)


def _entry(item: Any, category: str, where: str) -> Entry:
    if not isinstance(item, dict):
        raise EntryError(f"{where}: expected id, phrasings and answer")
    unknown = sorted(str(key) for key in set(item) - {"id", "phrasings", "answer"})
    if unknown:
        raise EntryError(f"{where} ({item.get('id')}): unknown field {unknown[0]!r}")
    return check_entry(item.get("id"), category, item.get("phrasings"), item.get("answer"), where=where)


def _languages(value: Any, field: str, where: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        raise EntryError(f"{where}: {field} must have zh or en")
    for language in value:
        if language not in LANGUAGES:
            raise EntryError(f"{where}: {field} has the unknown language {language!r}")
    return [(language, value[language]) for language in LANGUAGES if language in value]


def _phrasings(texts: Any, language: str, where: str) -> list[str]:
    if not isinstance(texts, (list, tuple)) or len(texts) > MAX_PHRASINGS:
        raise EntryError(f"{where}: phrasings.{language} must be a list of at most {MAX_PHRASINGS}")
    return [_text(text, f"phrasings.{language}", MAX_PHRASING_CHARS, where) for text in texts]


def _text(value: Any, field: str, limit: int, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EntryError(f"{where}: {field} has an empty text or one that is no text")
    if len(value) > limit:
        raise EntryError(f"{where}: {field} is longer than {limit} characters")
    return value.strip()
