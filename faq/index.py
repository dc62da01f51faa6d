"""A finished index: never changed, replaced as a whole, so that a search sees one state of the entries from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from faq.postings import Counted, Postings, Terms
from handoff.domain.faq import LANGUAGES, Entry
from nlp.encoders import Encoder, Matrix
from nlp.features import centred
from nlp.ngrams import grams
from nlp.text import is_han, mask, normalise
from nlp.tokens import tokens
from nlp.vectors import VectorCache

# The centre of fewer phrasings than this is that of their topic, not of the language.
_ROWS_FOR_A_CENTRE = 50
# A question to a knowledge base is short; the rest of a long message would cost time and blur the vector.
QUERY_CHARS = 120


@dataclass(frozen=True)
class Prepared:
    """A text as the index sees it."""

    text: str
    language: int  # its place in LANGUAGES
    words: Counted
    grams: Counted


class Analyser:
    """Texts to counted terms. Stored texts are analysed once; one analyser lives as long as the process."""

    def __init__(self) -> None:
        self.words, self.grams = Terms(), Terms()
        self._stored: dict[tuple[str, int], Prepared] = {}

    def stored(self, text: str, language: int) -> Prepared:
        """A phrasing, remembered."""
        key = (text, language)
        if key not in self._stored:
            plain = prepare(text)
            self._stored[key] = Prepared(
                plain, language, self.words.count(tokens(plain)), self.grams.count(grams(plain))
            )
        return self._stored[key]

    def query(self, text: str) -> Prepared:
        """A customer's text, normalised and cut; its language is Chinese if it has a Chinese character."""
        plain = prepare(text)
        language = LANGUAGES.index("zh" if any(map(is_han, plain)) else "en")
        return Prepared(plain, language, self.words.look_up(tokens(plain)), self.grams.look_up(grams(plain)))

    def forget_others(self, kept: set[tuple[str, int]]) -> None:
        """Keep only these phrasings in memory."""
        self._stored = {key: value for key, value in self._stored.items() if key in kept}


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
        self._words = Postings([row.words for row in self.rows], len(analyser.words), cosine=False)
        self._grams = Postings([row.grams for row in self.rows], len(analyser.grams), cosine=True)
        answers = [
            analyser.stored(text, LANGUAGES.index(language)).words
            for entry in entries
            for language, text in entry.answer.items()
        ]
        self._answer_owner_starts = np.cumsum([0, *(len(entry.answer) for entry in entries)])[:-1]
        self._answers = Postings(answers, len(analyser.words), cosine=False)
        languages = np.array([row.language for row in self.rows], np.int64)
        answer_grams = [
            analyser.stored(text, LANGUAGES.index(language)).grams
            for entry in entries
            for language, text in entry.answer.items()
        ]
        self._answer_grams = Postings(answer_grams, len(analyser.grams), cosine=True)
        self._centres = _centres(vectors, languages)
        self._languages = languages
        self._vectors = np.zeros_like(vectors)
        for language in np.unique(languages):
            chosen = languages == language
            self._vectors[chosen] = centred(vectors[chosen], self._centres[language], widths)

    @classmethod
    def build(cls, entries: Sequence[Entry], analyser: Analyser, cache: VectorCache, encoder: Encoder) -> Index:
        """Index the entries; `cache` encodes what it does not know."""
        ordered = sorted(entries, key=lambda entry: entry.id)
        plain = [prepare(text) for text, _ in rows_of(ordered)]
        index = cls(ordered, analyser, cache.get(plain), encoder.widths)
        cache.save(plain)
        analyser.forget_others(
            set(index._keys)
            | {(text, LANGUAGES.index(language)) for entry in ordered for language, text in entry.answer.items()}
        )
        return index

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
        parts = [self._vectors[:, a:b] @ moved[0, a:b] for a, b in zip(ends, ends[1:], strict=False)]
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


def prepare(text: str) -> str:
    """What is encoded and counted of a text."""
    return mask(normalise(text, QUERY_CHARS))


def _centres(vectors: Matrix, languages: npt.NDArray[np.int64]) -> list[Matrix]:
    """The mean vector of each language: without it Chinese lies nearer to any Chinese than to its own translation."""
    centres = []
    for language in range(len(LANGUAGES)):
        chosen = vectors[languages == language]
        enough = len(chosen) >= _ROWS_FOR_A_CENTRE
        centres.append(np.asarray(chosen.mean(axis=0) if enough else np.zeros(vectors.shape[1]), np.float32))
    return centres
