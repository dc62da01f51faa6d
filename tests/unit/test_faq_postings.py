"""Inverted indexes."""

import numpy as np
import pytest

from faq.postings import Postings, Terms

ROWS = ["退货 运费", "退货 流程", "发货 时间", "发票"]


@pytest.fixture
def terms() -> Terms:
    return Terms()


def build(terms: Terms, *, cosine: bool, rows: list[str] = ROWS) -> Postings:
    counted = [terms.count(row.split()) for row in rows]
    return Postings(counted, len(terms), cosine=cosine)


@pytest.mark.parametrize("cosine", [True, False])
def test_that_the_row_with_the_words_wins(terms: Terms, cosine: bool) -> None:
    postings = build(terms, cosine=cosine)
    assert int(postings.score(terms.look_up(["退货", "流程"])).argmax()) == 1
    assert int(postings.score(terms.look_up(["发票"])).argmax()) == 3


def test_that_a_text_is_its_own_cosine(terms: Terms) -> None:
    assert build(terms, cosine=True).score(terms.look_up(["退货", "运费"]))[0] == pytest.approx(1, abs=1e-5)


def test_that_a_rare_word_counts_more_than_a_common_one(terms: Terms) -> None:
    scores = build(terms, cosine=False).score(terms.look_up(["退货", "时间"]))
    assert scores[2] > scores[0] > scores[3] == 0


@pytest.mark.parametrize("cosine", [True, False])
def test_that_nothing_known_scores_nothing(terms: Terms, cosine: bool) -> None:
    postings = build(terms, cosine=cosine)
    assert postings.score(terms.look_up(["没见过"])).tolist() == [0, 0, 0, 0]
    assert postings.score(terms.look_up([])).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("cosine", [True, False])
def test_that_words_learned_after_it_was_built_do_no_harm(terms: Terms, cosine: bool) -> None:
    postings = build(terms, cosine=cosine)
    late = terms.count(["后来", "退货"])
    assert postings.score(late)[0] > 0
    assert np.isfinite(postings.score(late)).all()


@pytest.mark.parametrize("cosine", [True, False])
def test_that_an_index_without_rows_answers(terms: Terms, cosine: bool) -> None:
    assert build(terms, cosine=cosine, rows=[]).score(terms.count(["a"])).tolist() == []
