"""What an FAQ entry must be, and tables of them: every problem is told, each by its field or its row and column."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.domain.faq import Entry, EntryInvalid, EntryStatus, StoredEntry, check_entry
from handoff.domain.faq_table import COLUMNS, MAX_ROWS, TableRefused, make_plan, to_cells

AT = datetime(2026, 11, 22, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "gift-wrap",
    "category": "shipping",
    "phrasings": {"zh": ["可以礼品包装吗", "能包一下吗"], "en": ["Can you wrap it?"]},
    "answer": {"zh": "可以。\n免费的。", "en": "Yes."},
}


def problems(**changes: Any) -> set[tuple[str, str]]:
    with pytest.raises(EntryInvalid) as refused:
        check_entry(**{**GOOD, **changes})
    assert all(problem.message for problem in refused.value.problems)
    return {(problem.field, problem.code) for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": None}, ("id", "required")),
        ({"id": ""}, ("id", "required")),
        ({"id": "a" * 65}, ("id", "too_long")),
        ({"id": "退货"}, ("id", "bad_characters")),
        ({"id": "a/b"}, ("id", "bad_characters")),
        ({"category": 7}, ("category", "required")),
        ({"category": "a" * 51}, ("category", "too_long")),
        ({"phrasings": None}, ("phrasings", "required")),
        ({"phrasings": {}}, ("phrasings", "required")),
        ({"phrasings": {"zh": []}}, ("phrasings", "required")),
        ({"phrasings": ["退货"]}, ("phrasings", "not_an_object")),
        ({"phrasings": {"zh": "退货"}}, ("phrasings.zh", "not_a_list")),
        ({"phrasings": {"zh": ["退货", " "]}}, ("phrasings.zh.1", "empty")),
        ({"phrasings": {"zh": ["退货", 5]}}, ("phrasings.zh.1", "not_a_text")),
        ({"phrasings": {"zh": ["退" * 201]}}, ("phrasings.zh.0", "too_long")),
        ({"phrasings": {"zh": [f"退{n}" for n in range(51)]}}, ("phrasings.zh", "too_many")),
        ({"phrasings": {"fr": ["rendre"], "zh": ["退货"]}}, ("phrasings.fr", "unknown_language")),
        ({"phrasings": {"zh": ["退\ud83d货"]}}, ("phrasings.zh.0", "unusable_characters")),
        ({"answer": None}, ("answer", "required")),
        ({"answer": {"zh": "  "}}, ("answer", "required")),
        ({"answer": {"en": "a" * 4001}}, ("answer.en", "too_long")),
        ({"answer": {"zh": "好\x07"}}, ("answer.zh", "unusable_characters")),
        ({"answer": {"zh": ["好"]}}, ("answer.zh", "not_a_text")),
        ({"answer": "好"}, ("answer", "not_an_object")),
        ({"status": "gone"}, ("status", "unknown")),
        ({"status": ["draft"]}, ("status", "unknown")),
    ],
)
def test_that_a_wrong_field_is_named(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert problems(**changes) == {expected}


def test_that_all_problems_are_told_at_once() -> None:
    found = problems(id="a b", phrasings={"fr": ["x"], "zh": [1]}, answer={})
    assert found == {
        ("id", "bad_characters"), ("phrasings.fr", "unknown_language"), ("phrasings.zh.0", "not_a_text"), ("answer", "required")
    }  # fmt: skip


def test_that_a_draft_needs_no_answer_and_everything_else_does() -> None:
    assert check_entry(**{**GOOD, "answer": {}, "status": "draft"}).status is EntryStatus.DRAFT
    assert problems(answer={}, status="archived") == {("answer", "required")}


def test_that_texts_are_tidied() -> None:
    entry = check_entry(
        "a", "b", {"zh": [" 怎么\n退货 ", "怎么 退货", ""][:2], "en": None}, {"zh": " 一\r\n二\r三 ", "en": ""}
    )
    assert entry.phrasings == {"zh": ("怎么 退货",)}
    assert entry.answer == {"zh": "一\n二\n三"}


def stored(entry: Entry, version: int = 1) -> StoredEntry:
    return StoredEntry(entry, version, AT, "somebody")


def table(*rows: list[str], header: list[str] | None = None) -> list[tuple[int, list[str]]]:
    return list(enumerate([header or list(COLUMNS), *rows], start=1))


def told(rows: list[tuple[int, list[str]]], *known: StoredEntry) -> list[tuple[int, str, str]]:
    by_id = {one.entry.id: one for one in known}
    categories = {one.entry.category for one in known} or None
    with pytest.raises(TableRefused) as refused:
        make_plan(rows, by_id, categories)
    return [(problem.row, problem.column, problem.code) for problem in refused.value.problems]


WRAP = stored(check_entry(**GOOD), 4)


def row(**changes: str) -> list[str]:
    return [changes.get(column.replace(".", "_"), cell) for column, cell in zip(COLUMNS, to_cells(WRAP), strict=True)]


def test_that_a_table_says_what_it_would_do() -> None:
    rows = table(row(), row(id="new", version=""), row(id="other", answer_zh="不行。"))
    other = stored(replace(WRAP.entry, id="other"), 4)
    plan = make_plan(rows, {"gift-wrap": WRAP, "other": other}, {"shipping"})
    assert [(number, entry.id) for number, entry in plan.created] == [(3, "new")]
    assert [(number, entry.answer["zh"], version) for number, entry, version in plan.changed] == [(4, "不行。", 4)]
    assert plan.unchanged == 1


def test_that_every_problem_of_a_table_is_told_with_row_and_column() -> None:
    rows = table(
        row(answer_zh="", answer_en="", id="a", version=""),
        row(phrasings_zh="", phrasings_en="", id="b", version=""),
        row(),
        row(),
        row(id="", version=""),
        row(id="c", category="shiping", version="x"),
        row(id="d", phrasings_en="ok\n" + "a" * 201, status="gone", version=""),
        [*row(id="e", version=""), "", "one too many"],
    )
    assert told(rows, WRAP) == [
        (2, "answer.zh", "required"),
        (3, "phrasings.zh", "required"),
        (5, "id", "repeated"),
        (6, "id", "required"),
        (7, "category", "unknown"),
        (7, "version", "not_a_number"),
        (8, "phrasings.en", "too_long"),
        (8, "status", "unknown"),
        (9, "column 10", "extra_cell"),
    ]


def test_that_a_row_of_an_older_version_is_refused_unless_it_says_the_same() -> None:
    assert told(table(row(version="3", answer_en="No.")), WRAP) == [(2, "version", "stale")]
    assert make_plan(table(row(version="3")), {"gift-wrap": WRAP}, None).unchanged == 1
    assert len(make_plan(table(row(version="", answer_en="No.")), {"gift-wrap": WRAP}, None).changed) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ([], (1, "id", "missing_column")),
        (["id", "category", "colour"], (1, "colour", "unknown_column")),
        (["id", "category", "id"], (1, "id", "repeated")),
        (["id"], (1, "category", "missing_column")),
        (["id", "", "category"], (1, "column 2", "unknown_column")),
    ],
)
def test_that_a_wrong_header_is_told(header: list[str], expected: tuple[int, str, str]) -> None:
    assert expected in told([(1, header), (2, ["a", "b", "c"])])


def test_that_a_column_left_out_stays_and_an_empty_cell_empties() -> None:
    rows = table(["gift-wrap", "shipping", ""], header=["ID ", "category", "answer.en", ""])
    ((_, entry, _),) = make_plan(rows, {"gift-wrap": WRAP}, None).changed
    assert entry.phrasings == WRAP.entry.phrasings
    assert entry.answer == {"zh": "可以。\n免费的。"}


def test_that_an_empty_table_and_an_endless_one_are_refused() -> None:
    assert told([]) == [(1, "id", "empty")]
    assert told(table(*[["x"]] * (MAX_ROWS + 1))) == [(MAX_ROWS + 2, "id", "too_many_rows")]


USABLE = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXT = st.text(USABLE, min_size=1, max_size=30)
ANSWER = st.text(st.one_of(USABLE, st.sampled_from("\n\t=+-@'\"")), min_size=1)
ENTRIES = st.builds(
    lambda phrasings, answer: (phrasings, answer),
    st.fixed_dictionaries({}, optional={"zh": st.lists(TEXT, max_size=3), "en": st.lists(TEXT, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"zh": ANSWER}, optional={"en": ANSWER}),
)  # fmt: skip


@given(ENTRIES)
def test_that_a_row_read_again_is_the_same_entry(texts: tuple[dict[str, list[str]], dict[str, str]]) -> None:
    try:
        entry = check_entry("a", "b", *texts)
    except EntryInvalid:
        return
    plan = make_plan(table(to_cells(stored(entry))), {"a": stored(entry)}, {"b"})
    assert (plan.unchanged, plan.changed, plan.created) == (1, [], [])
    ((_, again),) = make_plan(table(to_cells(stored(entry))), {}, None).created
    assert again == entry
