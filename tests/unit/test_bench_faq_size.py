"""The size benchmark: its made-up entries, and its numbers with a light encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import faq_size
from bench.made_entries import make_entries
from handoff.domain.faq import check_entry
from tests.fakes.encoder import HashingEncoder


def test_that_made_entries_are_all_different_always_the_same_and_could_be_imported() -> None:
    made = make_entries(5000, 5)
    texts = [text for entry in made.entries for text in entry.texts()]
    assert len(texts) == len(set(texts)) == 25_000
    assert not set(texts) & set(made.questions)
    assert len({entry.id for entry in made.entries}) == len(made.questions) == 5000
    assert sum("en" in entry.phrasings for entry in made.entries) == 1666
    again = make_entries(5000, 5)
    assert (again.entries, again.questions) == (made.entries, made.questions)
    for entry in made.entries[:200]:
        assert check_entry(entry.id, entry.category, entry.phrasings, entry.answer) == entry


@pytest.mark.parametrize(("entries", "phrasings"), [(0, 5), (5001, 5), (10, 7)])
def test_that_more_than_can_be_made_is_refused(entries: int, phrasings: int) -> None:
    with pytest.raises(ValueError, match="entries of 1 to 6 phrasings"):
        make_entries(entries, phrasings)


def test_that_the_benchmark_measures_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faq_size, "encoder", lambda kind: HashingEncoder())
    numbers = faq_size.measure(60, 5, 20, "light", tmp_path)
    assert (numbers["entries"], numbers["phrasings"], numbers["edit_encoded"]) == (60, 300, 1)
    assert numbers["recall_at_1"] > 0.5
    assert {f"{name}_cpu" for name in ("index_seconds", "load_seconds", "edit_seconds", "ms_per_query")} <= set(numbers)
    assert numbers["vector_mb"] > 0
