"""A finished index: never changed, replaced as a whole, so that a search sees one state of the entries from end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from faq.analysis import Analyser, Prepared
from faq.postings import Postings
from handoff.domain.faq import LANGUAGES, Entry
from nlp.encoders import Encoder, Matrix
from nlp.features import centred
from nlp.vectors import VectorCache

# The centre of fewer phrasings than this is that of their topic, not of the language.
_ROWS_FOR_A_CENTRE = 50


class Index:
    """Entries in the order of their ids; one row per phrasing, rows of an entry side by side."""

    def __init__(self, entries: Sequence[Entry], analyser: Analyser, vectors: Matrix, widths: Sequence[int]) -> None:
        self.entries = tuple(entries)
        self._widths = tuple(widths)
        self._keys = rows_of(entries)
        self.rows = [analyser.stored(text, language) for text, language in self._keys]
        sizes = np.array([len(entry.texts()) for entry in entries], np.int64)
        self._starts = (
            np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if len(sizes) else np.zeros(0, np.int64)
        )
        self.owners = np.repeat(np.arange(len(entries)), sizes)
        answers = [
            analyser.stored(text, LANGUAGES.index(language))
            for entry in entries
            for language, text in entry.answer.items()
        ]
        self._answer_owner_starts = np.cumsum([0, *(len(entry.answer) for entry in entries)])[:-1]
        words, grams = len(analyser.words), len(analyser.grams)
        self._words = Postings([row.words for row in self.rows], words, cosine=False)
        self._grams = Postings([row.grams for row in self.rows], grams, cosine=True)
        self._answers = Postings([answer.words for answer in answers], words, cosine=False)
        self._answer_grams = Postings([answer.grams for answer in answers], grams, cosine=True)
        self._languages = np.array([row.language for row in self.rows], np.int64)
        self._centres = _centres(vectors, self._languages)
        ends = np.cumsum((0, *widths))
        self._parts = [
            _centred_part(vectors[:, a:b], self._centres[:, a:b], self._languages)
            for a, b in zip(ends, ends[1:], strict=False)
        ]

    @classmethod
    def build(
        cls,
        entries: Sequence[Entry],
        analyser: Analyser,
        cache: VectorCache,
        encoder: Encoder,
        progress: Callable[[int, int], None] | None = None,
    ) -> Index:
        """Index the entries; `cache` encodes what it does not know, `progress` is told how many phrasings of how many."""
        ordered = sorted(entries, key=lambda entry: entry.id)
        plain = [analyser.stored(text, language).text for text, language in rows_of(ordered)]
        return cls(ordered, analyser, cache.get(plain, progress), encoder.widths)

    def texts(self) -> set[tuple[str, int]]:
        """All phrasings and answers, with their languages."""
        answers = {
            (text, LANGUAGES.index(language)) for entry in self.entries for language, text in entry.answer.items()
        }
        return answers | set(self._keys)

    def similarity(self, texts: Sequence[Prepared], vectors: Matrix) -> Matrix:
        """float32 [n, n]: the mean cosine of texts with their raw `vectors` [n, dim], seen from these entries."""
        moved = np.zeros_like(vectors)
        for language, centre in enumerate(self._centres):
            chosen = np.array([text.language == language for text in texts])
            moved[chosen] = centred(vectors[chosen], centre, self._widths)
        return np.asarray(moved @ moved.T / len(self._widths), np.float32)

    @property
    def vector_rows(self) -> int:
        """How many phrasings there are."""
        return len(self.rows)

    @cached_property
    def signals(self) -> int:
        """How many numbers `features` gives for an entry."""
        return len(self._widths) + 7

    def features(self, query: Prepared, vector: Matrix, without: int | None = None) -> Matrix:
        """float32 [entries, signals]: how near each entry is to the query.

        In this order: the best cosine of its phrasings by all vectors, then by each encoder's part; the mean of its two best
        and of all in the query's language; BM25 share and n-gram cosine of its answer; the best BM25 share and the best
        n-gram cosine of its phrasings. `vector` [dim] is raw, as the encoder gave it.
        `without` leaves out that row and all that say the same, as if they had never been written.
        """
        moved = centred(vector[None, :], self._centres[query.language], self._widths)
        ends = np.cumsum((0, *self._widths))
        parts = [part @ moved[0, a:b] for part, a, b in zip(self._parts, ends, ends[1:], strict=False)]
        rows = np.stack(
            [np.mean(parts, axis=0), *parts, self._words.score(query.words), self._grams.score(query.grams)]
        )
        if without is not None:
            same = np.array([row.text == self.rows[without].text for row in self.rows])
            rows[:, same] = 0
        best = np.maximum.reduceat(rows, self._starts, axis=1)
        answers = np.stack([self._answers.score(query.words), self._answer_grams.score(query.grams)])
        answer = np.maximum.reduceat(answers, self._answer_owner_starts, axis=1)
        spoken = self._languages == query.language
        sums = np.add.reduceat(np.where(spoken & (rows[0] != 0), rows[0], 0), self._starts)
        counts = np.add.reduceat((spoken & (rows[0] != 0)).astype(np.float32), self._starts)
        mean = sums / np.maximum(counts, 1)
        second = self._second(rows[0], best[0])
        return np.asarray(np.vstack([best[:-2], second[None, :], mean[None, :], answer, best[-2:]]).T, np.float32)

    def _second(self, scores: Matrix, best: Matrix) -> Matrix:
        """Mean of the two best rows of each entry [entries]; of a single row, half of it counts."""
        others = np.where(scores >= best[self.owners], 0, scores)
        second = np.maximum.reduceat(others, self._starts)
        return np.asarray((best + second) / 2, np.float32)


def rows_of(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    """Phrasing and language of each row."""
    return [
        (text, place)
        for entry in entries
        for place, language in enumerate(LANGUAGES)
        for text in entry.phrasings.get(language, ())
    ]


def _centres(vectors: Matrix, languages: npt.NDArray[np.int64]) -> Matrix:
    """The mean vector of each language: without it Chinese lies nearer to any Chinese than to its own translation."""
    member = languages == np.arange(len(LANGUAGES))[:, None]
    counts = member.sum(axis=1)[:, None]
    means = member.astype(np.float32) @ vectors / np.maximum(counts, 1)
    return np.asarray(np.where(counts >= _ROWS_FOR_A_CENTRE, means, 0), np.float32)


def _centred_part(vectors: Matrix, centres: Matrix, languages: npt.NDArray[np.int64]) -> Matrix:
    """One encoder's vectors without the centres of their languages, at length 1, in one piece of memory."""
    moved = vectors - centres[languages]
    norms = np.sqrt(np.einsum("ij,ij->i", moved, moved))
    moved /= np.where(norms > 1e-9, norms, 1)[:, None]
    return np.ascontiguousarray(moved, np.float32)
