"""Sparse features."""

import numpy as np
import pytest

from nlp.ngrams import NgramVectorizer, grams

TEXTS = ["怎么退货", "退货运费谁出", "where is my order", "订单什么时候发货", "发货了吗"]


def test_that_a_number_is_one_sign_and_ends_are_marked() -> None:
    found = set(grams("退2件"))
    assert {"^退", "退0件$", "w:退"} <= found
    assert set(grams("退12件")) == found


def test_that_spaces_between_chinese_characters_do_not_matter() -> None:
    assert {gram for gram in grams("退 货") if not gram.startswith("w:")} == {
        gram for gram in grams("退货") if not gram.startswith("w:")
    }


def test_that_rows_have_length_one() -> None:
    rows = NgramVectorizer.fit(TEXTS).transform(TEXTS)
    norms = [float(np.linalg.norm(rows.row(index)[1])) for index in range(len(rows))]
    assert norms == pytest.approx([1] * len(TEXTS), abs=1e-5)


def test_that_sparse_products_are_those_of_the_dense_matrix() -> None:
    vectorizer = NgramVectorizer.fit(TEXTS)
    rows, others = vectorizer.transform(TEXTS), vectorizer.transform(["退货要运费吗", "order", ""])
    dense, other = _dense(rows), _dense(others)
    right = np.random.default_rng(1).standard_normal((rows.width, 3)).astype(np.float32)
    left = np.random.default_rng(2).standard_normal((len(rows), 3)).astype(np.float32)
    assert np.allclose(others.gram(rows), other @ dense.T, atol=1e-5)
    assert np.allclose(rows.times(right), dense @ right, atol=1e-4)
    assert np.allclose(rows.transposed_times(left), dense.T @ left, atol=1e-4)


def test_that_columns_of_many_rows_and_of_few_add_up() -> None:
    texts = [
        f"退货 {word}" for word in ("运费", "order", "发票", "refund", "衣服", "尺码", "七天", "仓库", "地址", "快递")
    ]
    rows = NgramVectorizer.fit(texts).transform(texts)
    dense = _dense(rows)
    assert np.allclose(rows.gram(rows), dense @ dense.T, atol=1e-5)
    places = np.array([7, 0, 3])
    assert np.allclose(_dense(rows.take(places)), dense[places])
    assert rows.gram(rows.take(places)).shape == (10, 3)
    assert np.allclose(rows.by_column().products(*rows.row(4)), dense @ dense[4], atol=1e-5)


def test_that_unknown_text_is_an_empty_row() -> None:
    row = NgramVectorizer.fit(["abc"]).transform(["", "😀"])
    assert [len(row.row(index)[0]) for index in range(2)] == [2, 2]  # only the marks of the ends are known
    assert len(NgramVectorizer.fit(["abc"]).transform([])) == 0


def _dense(rows):  # type: ignore[no-untyped-def]
    out = np.zeros((len(rows), rows.width), np.float32)
    for index in range(len(rows)):
        columns, values = rows.row(index)
        out[index, columns] = values
    return out
