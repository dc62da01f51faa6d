"""Sentence encoders: the light parts here, the weights in the integration tests."""

import numpy as np
import pytest

from nlp.encoders import CachedEncoder, JoinedEncoder, encoder, meaning, shared_encoder, unit
from tests.fakes.encoder import HashingEncoder


def test_that_joined_vectors_have_length_one_and_all_parts() -> None:
    joined = JoinedEncoder([HashingEncoder(), HashingEncoder()])
    vectors = joined.encode(["怎么退货", "where is my order"])
    assert vectors.shape == (2, joined.dim) == (2, 192)
    assert vectors.dtype == np.float32
    assert joined.widths == (64, 32, 64, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_that_a_text_is_encoded_once() -> None:
    inner = HashingEncoder()
    cached = CachedEncoder(inner)
    first = cached.encode(["退货", "退货", "换货"])
    again = cached.encode(["换货", "退货"])
    assert inner.encoded == ["退货", "换货"]
    assert np.array_equal(first[[2, 0]], again)


def test_that_the_cache_forgets_what_was_not_used_for_longest() -> None:
    inner = HashingEncoder()
    cached = CachedEncoder(inner, size=2)
    for text in ["a", "b", "a", "c", "a", "b"]:
        cached.encode([text])
    assert inner.encoded == ["a", "b", "c", "b"]


def test_that_more_texts_than_fit_are_still_answered() -> None:
    cached = CachedEncoder(HashingEncoder(), size=1)
    assert cached.encode(["a", "b", "c"]).shape == (3, 96)


def test_that_no_texts_are_no_rows() -> None:
    assert CachedEncoder(HashingEncoder()).encode([]).shape == (0, 96)


def test_that_a_meaning_is_without_what_serves_moods() -> None:
    whole = JoinedEncoder([HashingEncoder(), HashingEncoder()])
    told = meaning(whole)
    vectors = told.encode(["怎么退货"])
    assert (told.dim, told.widths, vectors.shape) == (96, (64, 32), (1, 96))
    assert np.array_equal(vectors, unit(whole.encode(["怎么退货"])[:, :96]))
    assert told.name != whole.name


def test_that_the_light_variant_is_all_meaning() -> None:
    light = encoder("light")
    assert meaning(light) is light


def test_that_a_row_of_zeros_stays_one() -> None:
    assert unit(np.zeros((1, 3))).tolist() == [[0, 0, 0]]


def test_that_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="full or light"):
        shared_encoder("heavy")
