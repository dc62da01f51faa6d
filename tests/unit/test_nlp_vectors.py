"""Vectors that are kept: on disk between trainings, and shared by threads that want the same texts."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from nlp import vectors
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
