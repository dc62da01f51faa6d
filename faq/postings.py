"""Inverted indexes in numpy: BM25 and tf-idf cosine over counted terms, fast enough to build anew after each edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.encoders import Matrix

K1 = 1.2
# Phrasings are all short; their length says little, so it is weighed half as much as is usual for documents.
B = 0.4


class Terms:
    """Numbers for terms, given out as they come. Grows for as long as the process runs."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        """In the order of their numbers."""
        return iter(self._numbers)

    def number(self, terms: Sequence[str]) -> None:
        """Give numbers to terms in this order, before any other has one."""
        self._numbers = {term: number for number, term in enumerate(terms)}

    def count(self, terms: Iterable[str]) -> Counted:
        """The terms of a stored text: new ones get a number."""
        counts = Counter(self._numbers.setdefault(term, len(self._numbers)) for term in terms)
        return _counted(counts)

    def look_up(self, terms: Iterable[str]) -> Counted:
        """The terms of a query that have a number."""
        return _counted(Counter(n for term in terms if (n := self._numbers.get(term)) is not None))


@dataclass(frozen=True)
class Counted:
    """Numbers of terms, each once, and how often each stands in the text."""

    numbers: npt.NDArray[np.int32]
    counts: Matrix


class Postings:
    """Rows of counted terms, scored against a query: by BM25, or by the cosine of tf-idf vectors."""

    def __init__(self, rows: Sequence[Counted], width: int, *, cosine: bool) -> None:
        self._size = len(rows)
        self._cosine = cosine
        numbers = np.concatenate([row.numbers for row in rows] or [np.zeros(0, np.int32)])
        counts = np.concatenate([row.counts for row in rows] or [np.zeros(0, np.float32)])
        lengths = np.array([len(row.numbers) for row in rows], np.int64)
        holder = np.repeat(np.arange(self._size), lengths)
        documents = np.bincount(numbers, minlength=width).astype(np.float32)
        self._idf = np.log1p((self._size - documents + 0.5) / (documents + 0.5)).astype(np.float32)
        if cosine:
            values = (1 + np.log(counts)) * self._idf[numbers]
            norms = np.sqrt(np.bincount(holder, values * values, minlength=self._size))
            values = values / np.where(norms > 0, norms, 1)[holder]
        else:
            words = np.bincount(holder, counts, minlength=self._size)
            mean = words.mean() if self._size else 1.0
            values = counts * (K1 + 1) / (counts + K1 * (1 - B + B * words[holder] / max(mean, 1e-9)))
            values = values * self._idf[numbers]
        order = np.argsort(numbers, kind="stable")
        self._holders, self._values = holder[order], values[order].astype(np.float32)
        self._ends = np.searchsorted(numbers[order], np.arange(width + 1))

    def score(self, query: Counted) -> Matrix:
        """float32 [rows], 0 to about 1: the cosine, or the BM25 score as a share of the best that the query could get.

        A term that no row has counts for nothing, whether it was never seen or stood in texts that are gone.
        """
        out = np.zeros(self._size, np.float32)
        best = 0.0
        for number, count in zip(query.numbers, query.counts, strict=True):
            if number + 1 >= len(self._ends):
                continue
            part = slice(self._ends[number], self._ends[number + 1])
            if part.start == part.stop:
                continue
            weight = (1 + np.log(count)) * self._idf[number] if self._cosine else 1.0
            out[self._holders[part]] += self._values[part] * weight  # a row holds a term once
            best += float(weight**2) if self._cosine else float(self._idf[number]) * (K1 + 1) / (1 + K1)
        scale = best**0.5 if self._cosine else best
        return out / scale if scale > 0 else out


def _counted(counts: Counter[int]) -> Counted:
    return Counted(np.fromiter(counts, np.int32, len(counts)), np.fromiter(counts.values(), np.float32, len(counts)))
