"""Sparse features: character n-grams and words, weighted by tf-idf. numpy alone, saved as JSON and npz."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.encoders import Matrix
from nlp.tokens import tokens

_NUMBER = re.compile(r"\d+")
_HAN_EDGE = re.compile(r"\s*([\u3400-\u9fff])\s*")


@dataclass(frozen=True)
class SparseRows:
    """A matrix [n, width] by rows: row i has `values[starts[i]:starts[i + 1]]` at the columns of the same slice."""

    columns: npt.NDArray[np.int32]
    values: Matrix
    starts: npt.NDArray[np.int64]  # [n + 1]
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, index: int) -> tuple[npt.NDArray[np.int32], Matrix]:
        """Columns and values of one row."""
        part = slice(self.starts[index], self.starts[index + 1])
        return self.columns[part], self.values[part]

    def first(self, count: int) -> SparseRows:
        """The first `count` rows."""
        end = self.starts[count]
        return SparseRows(self.columns[:end], self.values[:end], self.starts[: count + 1], self.width)

    def gram(self, other: SparseRows) -> Matrix:
        """float32 [len(self), len(other)] of dot products."""
        out = np.zeros((len(self), len(other)), np.float32)
        rows = np.repeat(np.arange(len(other)), np.diff(other.starts))
        order = np.argsort(other.columns, kind="stable")
        columns, rows, values = other.columns[order], rows[order], other.values[order]
        ends = np.searchsorted(columns, np.arange(self.width + 1))
        for index in range(len(self)):
            for column, value in zip(*self.row(index), strict=True):
                part = slice(ends[column], ends[column + 1])
                out[index, rows[part]] += value * values[part]  # a row holds a column once
        return out

    def times(self, weights: Matrix) -> Matrix:
        """float32 [n, k]: this matrix times `weights` [width, k]."""
        out = np.zeros((len(self), weights.shape[1]), np.float32)
        for index in range(len(self)):
            columns, values = self.row(index)
            out[index] = values @ weights[columns]
        return out

    def transposed_times(self, right: Matrix) -> Matrix:
        """float32 [width, k]: this matrix transposed times `right` [n, k]."""
        out = np.zeros((self.width, right.shape[1]), np.float32)
        for index in range(len(self)):
            columns, values = self.row(index)
            out[columns] += values[:, None] * right[index]  # a row holds a column once
        return out


class NgramVectorizer:
    """tf-idf of character 1- to 4-grams and of words; rows have length 1. What training did not hold is ignored."""

    def __init__(self, vocabulary: Sequence[str], idf: Matrix) -> None:
        self.vocabulary = list(vocabulary)
        self.idf = idf
        self._index = {gram: column for column, gram in enumerate(self.vocabulary)}

    @classmethod
    def fit(cls, texts: Sequence[str], *, minimum: int = 1) -> NgramVectorizer:
        """Learn the n-grams that stand in at least `minimum` of the texts."""
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(grams(text)))
        vocabulary = sorted(gram for gram, count in seen.items() if count >= minimum)
        counts = np.array([seen[gram] for gram in vocabulary], np.float32)
        return cls(vocabulary, np.asarray(np.log((1 + len(texts)) / (1 + counts)) + 1, np.float32))

    @property
    def width(self) -> int:
        return len(self.vocabulary)

    def transform(self, texts: Sequence[str]) -> SparseRows:
        """The rows of `texts`; a text without a known n-gram is an empty row."""
        columns: list[npt.NDArray[np.int32]] = []
        values: list[Matrix] = []
        starts = [0]
        for text in texts:
            counted = Counter(column for gram in grams(text) if (column := self._index.get(gram)) is not None)
            where = np.fromiter(counted, np.int32, len(counted))
            value = (1 + np.log(np.fromiter(counted.values(), np.float32, len(counted)))) * self.idf[where]
            columns.append(where)
            values.append(np.asarray(value / (np.linalg.norm(value) or 1), np.float32))
            starts.append(starts[-1] + len(where))
        empty_columns, empty_values = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return SparseRows(
            np.concatenate(columns or [empty_columns]),
            np.concatenate(values or [empty_values]),
            np.array(starts, np.int64),
            self.width,
        )


def grams(text: str) -> Iterator[str]:
    """Character 1- to 4-grams of the text between marks for its ends, then its words as "w:WORD". Numbers count as one sign."""
    text = _NUMBER.sub("0", text.lower())
    marked = "^" + _HAN_EDGE.sub(r"\1", text) + "$"
    for size in range(1, 5):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]
    for word in tokens(text, stop_words=True):
        yield "w:" + word
