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
# Of all pairs of rows, the share that must share a column to multiply it whole: that takes 0.04 ns a pair, a single product 5.
_SHARED = 0.002
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

    def take(self, places: npt.NDArray[np.int64]) -> SparseRows:
        """The rows at `places`, in that order."""
        counts = np.diff(self.starts)[places]
        parts = _ranges(self.starts[places], counts)
        return SparseRows(self.columns[parts], self.values[parts], _starts(counts), self.width)

    def gram(self, other: SparseRows) -> Matrix:
        """float32 [len(self), len(other)] of dot products."""
        # A column that many rows share is cheaper multiplied whole, zeros too.
        work = np.bincount(self.columns, minlength=self.width) * np.bincount(other.columns, minlength=self.width)
        shared = np.flatnonzero(work > _SHARED * len(self) * len(other))
        out = self._dense(shared) @ other._dense(shared).T
        rare = np.ones(self.width, np.bool_)
        rare[shared] = False
        columns = other._only(rare).by_column()
        rest = self._only(rare)
        for index in range(len(self)):
            out[index] += columns.products(*rest.row(index))
        return out

    def by_column(self) -> SparseColumns:
        """The same matrix, to be asked which rows are near a given one."""
        order = np.argsort(self.columns, kind="stable")
        holders = np.repeat(np.arange(len(self)), np.diff(self.starts))[order]
        starts = _starts(np.bincount(self.columns, minlength=self.width))
        return SparseColumns(holders, self.values[order], starts, len(self))

    def _dense(self, columns: npt.NDArray[np.int64]) -> Matrix:
        """float32 [n, len(columns)]: these columns of the matrix."""
        place = np.full(self.width, -1)
        place[columns] = np.arange(len(columns))
        where = place[self.columns]
        rows = np.repeat(np.arange(len(self)), np.diff(self.starts))
        out = np.zeros((len(self), len(columns)), np.float32)
        out[rows[where >= 0], where[where >= 0]] = self.values[where >= 0]
        return out

    def _only(self, kept: npt.NDArray[np.bool_]) -> SparseRows:
        """The matrix with zeros in all columns but those `kept` [width]."""
        held = kept[self.columns]
        ends = np.concatenate([[0], np.cumsum(held)])
        return SparseRows(self.columns[held], self.values[held], ends[self.starts], self.width)

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


@dataclass(frozen=True)
class SparseColumns:
    """A matrix [n, width] by columns: column j has `values[starts[j]:starts[j + 1]]` in the rows of the same slice of `holders`."""

    holders: npt.NDArray[np.int64]
    values: Matrix
    starts: npt.NDArray[np.int64]  # [width + 1]
    rows: int

    def products(self, columns: npt.NDArray[np.int32], values: Matrix) -> Matrix:
        """float32 [n]: the dot product of each row with one that has `values` at `columns`."""
        counts = self.starts[columns + 1] - self.starts[columns]
        parts = _ranges(self.starts[columns], counts)
        found = np.bincount(self.holders[parts], np.repeat(values, counts) * self.values[parts], self.rows)
        return np.asarray(found, np.float32)


def _ranges(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """starts[0], starts[0] + 1, … (`counts[0]` numbers), then the same of the second, and so on."""
    before = np.cumsum(counts) - counts
    return np.asarray(np.repeat(starts - before, counts) + np.arange(int(counts.sum())), np.int64)


def _starts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where slices of these lengths, one after the other, begin, and the end of the last."""
    return np.concatenate([[0], np.cumsum(counts)])


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
