"""What the linear models see of a text: centred sentence vectors beside sparse n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.encoders import Encoder, Matrix, unit
from nlp.ngrams import NgramVectorizer, SparseRows
from nlp.text import mask, normalise


@dataclass(frozen=True)
class Features:
    """n texts: `dense` float32 [n, dim] and as many sparse rows. Both have rows of about length 1."""

    dense: Matrix
    sparse: SparseRows

    def take(self, places: npt.NDArray[np.int64]) -> Features:
        """The texts at `places`, in that order."""
        return Features(self.dense[places], self.sparse.take(places))


class FeatureSpace:
    """Fitted on the training texts: the centre of their vectors and their n-grams.

    The encoders' vectors all lean in one direction (two unrelated texts have a cosine of 0.8 under E5); taking the
    centre away and scaling each encoder's part back to length 1 makes the rest count.
    """

    def __init__(self, encoder: Encoder, centre: Matrix, ngrams: NgramVectorizer) -> None:
        if centre.shape != (encoder.dim,):
            raise ValueError(f"the features were made for vectors of {centre.shape}, the encoder gives {encoder.dim}")
        self.encoder = encoder
        self.centre = centre
        self.ngrams = ngrams

    @classmethod
    def fit(cls, texts: Sequence[str], encoder: Encoder) -> FeatureSpace:
        """Learn from `texts` (raw ones: normalised here). Raises ValueError if there are none."""
        if not texts:
            raise ValueError("no texts to learn from")
        prepared = prepare(texts)
        centre = np.asarray(encoder.encode(prepared).mean(axis=0), np.float32)
        return cls(encoder, centre, NgramVectorizer.fit(prepared))

    def transform(self, texts: Sequence[str]) -> Features:
        """The features of raw texts."""
        prepared = prepare(texts)
        dense = centred(self.encoder.encode(prepared), self.centre, self.encoder.widths)
        return Features(dense, self.ngrams.transform(prepared))


def prepare(texts: Sequence[str]) -> list[str]:
    """Normalised, with names of things masked, in lower case: what encoders and n-grams are given.

    To an encoder "EMI option" and "emi option" are two texts, to who asks they are one. Capitals as a sign of a mood are seen
    elsewhere (`nlp.mood`).
    """
    return [mask(normalise(text)).lower() for text in texts]


def centred(vectors: Matrix, centre: Matrix, widths: Sequence[int]) -> Matrix:
    """`vectors` [n, dim] without their `centre` [dim], each part of `widths` at length 1."""
    moved = vectors - centre
    ends = np.cumsum(widths)[:-1]
    parts: list[npt.NDArray[np.float32]] = [unit(part) for part in np.split(moved, ends, axis=1)]
    return np.hstack(parts)
