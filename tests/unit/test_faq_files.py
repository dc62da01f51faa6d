"""Entries as files: what is refused, and how the error names it."""

from pathlib import Path

import pytest

from faq.entries import FOLDER, EntryError, load_file, load_folder
from handoff.domain.faq import check_entry

GOOD = """
- id: ship-when
  phrasings:
    zh: [什么时候发货, 几天发货]
    en: ['When will it ship?']
  answer:
    zh: 付款后两天内发货。
    en: Within two days of payment.
"""


def test_that_the_shipped_entries_load() -> None:
    entries = load_folder(FOLDER)
    assert len(entries) >= 150
    assert len({entry.id for entry in entries}) == len(entries)


def test_that_a_file_gives_entries_of_its_category(tmp_path: Path) -> None:
    path = tmp_path / "shipping.yml"
    path.write_text(GOOD, encoding="utf-8")
    (entry,) = load_file(path)
    assert (entry.id, entry.category) == ("ship-when", "shipping")
    assert entry.texts() == ["什么时候发货", "几天发货", "When will it ship?"]
    assert entry.question("en") == "When will it ship?"
    assert entry.answer_in("zh") == "付款后两天内发货。"


def test_that_a_missing_language_falls_back_to_the_other() -> None:
    entry = check_entry("a", "b", {"zh": ["怎么退"]}, {"zh": "这样退。"})
    assert entry.question("en") == "怎么退"
    assert entry.answer_in("en") == "这样退。"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- id: [", "a.yml: not readable as YAML"),
        ("id: x", "a.yml: expected a list"),
        ("- just text", "a.yml: entry 1: expected id"),
        ("- {phrasings: {zh: [a]}, answer: {zh: b}}", "entry 1: the id is missing"),
        ("- {id: 'a b', phrasings: {zh: [a]}, answer: {zh: b}}", r"entry 1 \(a b\): the id must be"),
        ("- {id: x, answer: {zh: b}}", r"entry 1 \(x\): there is no phrasing"),
        ("- {id: x, phrasings: {zh: [a]}}", r"entry 1 \(x\): there is no answer"),
        ("- {id: x, phrasings: {zh: []}, answer: {zh: b}}", r"\(x\): there is no phrasing"),
        ("- {id: x, phrasings: {zh: a}, answer: {zh: b}}", r"\(x\): phrasings.zh must be a list"),
        ("- {id: x, phrasings: {zh: [' ']}, answer: {zh: b}}", r"\(x\): phrasings.zh.0 is an empty text"),
        (
            "- {id: x, phrasings: {zh: [1]}, answer: {zh: b}}",
            r"\(x\): phrasings.zh.0 is not a text",
        ),
        ("- {id: x, phrasings: {fr: [a]}, answer: {zh: b}}", r"\(x\): phrasings has the unknown language 'fr'"),
        ("- {id: x, phrasings: {zh: [a]}, answer: {zh: ''}}", r"\(x\): there is no answer"),
        ("- {id: x, phrasings: {zh: [a]}, answer: {zh: b}, anser: 1}", r"\(x\): unknown field 'anser'"),
        (
            f"- {{id: x, phrasings: {{zh: [{'a' * 201}]}}, answer: {{zh: b}}}}",
            r"\(x\): phrasings.zh.0 is longer than 200",
        ),
    ],
)
def test_that_a_broken_entry_is_named_by_file_and_entry(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EntryError, match=message):
        load_file(path)


def test_that_a_repeated_id_names_both_files(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(EntryError, match=r"b.yml: ship-when: this id already stands in a.yml"):
        load_folder(tmp_path)


def test_that_an_empty_file_has_no_entries(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("", encoding="utf-8")
    assert load_folder(tmp_path) == []
