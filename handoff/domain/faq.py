"""FAQ entries: what one is, and when it can be used. Every problem is told at once, each by its field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

LANGUAGES = ("zh", "en")
MAX_PHRASINGS = 50
MAX_PHRASING_CHARS = 200
MAX_ANSWER_CHARS = 4000
MAX_ID, MAX_CATEGORY = 64, 50

_ID = re.compile(r"[A-Za-z0-9_-]+")
# What no database, no XML and no screen holds: control characters but for the line break and the tab, halves of a surrogate pair,
# and the two code points that are none.
_UNUSABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class EntryStatus(str, Enum):
    """Whether customers are answered with an entry."""

    DRAFT = "draft"
    """Being written: it needs no answer yet."""
    PUBLISHED = "published"
    """Searched."""
    ARCHIVED = "archived"
    """Kept, but not searched."""


@dataclass(frozen=True)
class Entry:
    """One question with its answer. `phrasings[language][0]` is the question as shown."""

    id: str
    category: str
    phrasings: Mapping[str, tuple[str, ...]]
    answer: Mapping[str, str]
    status: EntryStatus = EntryStatus.PUBLISHED

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


@dataclass(frozen=True)
class StoredEntry:
    """An entry as the table has it. `version` grows with each change of it; who changes it names the one he saw."""

    entry: Entry
    version: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field: `answer.zh`, `too_long`, and the same in words."""

    field: str
    code: str
    message: str


class EntryInvalid(ValueError):
    """An entry that cannot be used, with all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def check_entry(id: Any, category: Any, phrasings: Any, answer: Any, status: Any = EntryStatus.PUBLISHED) -> Entry:
    """An entry made of plain values, its texts tidied. Raises EntryInvalid.

    A draft may lack an answer, every other entry needs one; all need a phrasing. `phrasings`: `{"zh": [...], "en": [...]}`,
    `answer`: `{"zh": "…", "en": "…"}`, each with at least one of the languages.
    """
    problems: list[Problem] = []
    for field, value, longest in (("id", id, MAX_ID), ("category", category, MAX_CATEGORY)):
        if not isinstance(value, str) or not value:
            problems.append(Problem(field, "required", f"the {field} is missing"))
        elif len(value) > longest:
            problems.append(Problem(field, "too_long", f"the {field} is longer than {longest} characters"))
        elif not _ID.fullmatch(value):
            problems.append(Problem(field, "bad_characters", f"the {field} must be letters, digits, _ or -"))
    asked = {
        language: _phrasings(texts, f"phrasings.{language}", problems)
        for language, texts in _languages(phrasings, "phrasings", problems)
    }
    answers = {
        language: _text(text, f"answer.{language}", MAX_ANSWER_CHARS, problems)
        for language, text in _languages(answer, "answer", problems)
    }
    known = next((one for one in EntryStatus if one == status), None)
    if known is None:
        problems.append(Problem("status", "unknown", f"the status must be one of {', '.join(EntryStatus)}"))
    entry = Entry(
        id,
        category,
        {language: texts for language, texts in asked.items() if texts},
        {language: text for language, text in answers.items() if text},
        known or EntryStatus.DRAFT,
    )
    wrong = {problem.field.partition(".")[0] for problem in problems}
    if not entry.phrasings and "phrasings" not in wrong:
        problems.append(Problem("phrasings", "required", "there is no phrasing"))
    if not entry.answer and "answer" not in wrong and known is not EntryStatus.DRAFT:
        problems.append(Problem("answer", "required", "there is no answer"))
    if problems:
        raise EntryInvalid(problems)
    return entry


def tidy_phrasing(text: str) -> str:
    """A phrasing on one line, as it is kept."""
    return " ".join(text.split())


def tidy_answer(text: str) -> str:
    """An answer with the line breaks that we keep."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _languages(value: Any, field: str, problems: list[Problem]) -> list[tuple[str, Any]]:
    """The values of the languages that are given, in the order of LANGUAGES; null is as if it were not given."""
    if value is None:
        return []
    if not isinstance(value, Mapping):
        problems.append(Problem(field, "not_an_object", f"{field} must have zh or en"))
        return []
    for language in value:
        if language not in LANGUAGES:
            shown = str(language)[:20]
            problems.append(
                Problem(f"{field}.{shown}", "unknown_language", f"{field} has the unknown language {shown!r}")
            )
    return [(language, value[language]) for language in LANGUAGES if value.get(language) is not None]


def _phrasings(texts: Any, field: str, problems: list[Problem]) -> tuple[str, ...]:
    if not isinstance(texts, (list, tuple)):
        problems.append(Problem(field, "not_a_list", f"{field} must be a list of texts"))
        return ()
    if len(texts) > MAX_PHRASINGS:
        problems.append(Problem(field, "too_many", f"{field} has more than {MAX_PHRASINGS} texts"))
        return ()
    checked = []
    for number, text in enumerate(texts):
        place = f"{field}.{number}"
        if isinstance(text, str) and not text.strip():
            problems.append(Problem(place, "empty", f"{place} is an empty text"))
        else:
            checked.append(
                _text(tidy_phrasing(text) if isinstance(text, str) else text, place, MAX_PHRASING_CHARS, problems)
            )
    return tuple(dict.fromkeys(checked))  # the same twice says nothing more


def _text(value: Any, field: str, limit: int, problems: list[Problem]) -> str:
    if not isinstance(value, str):
        problems.append(Problem(field, "not_a_text", f"{field} is not a text"))
        return ""
    text = tidy_answer(value)
    if len(text) > limit:
        problems.append(Problem(field, "too_long", f"{field} is longer than {limit} characters"))
    elif _UNUSABLE.search(text):
        problems.append(Problem(field, "unusable_characters", f"{field} has control characters or broken ones"))
    return text
