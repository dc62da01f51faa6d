"""The search: follows the entries, answers with a decision. Thread-safe; one index is swapped for the next as a whole."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faq.analysis import QUERY_CHARS, Analyser, Prepared
from faq.clusters import cluster
from faq.fusion import OUT_OF_SCOPE_FILE, Decision, Fusion, can_learn, learn
from faq.index import Index, rows_of
from faq.metric import METRIC_FILE
from handoff.domain.faq import Entry
from nlp.encoders import Encoder, Matrix, meaning
from nlp.locale import language
from nlp.metric import mapped
from nlp.privacy import anonymous
from nlp.text import mask, normalise
from nlp.vectors import BATCH, VectorCache

log = logging.getLogger(__name__)
# Raised when the signals or what is learned from them change, so that saved weights of before are not used.
FUSION_VERSION = 7
# Weights and thresholds describe the knowledge base as a whole; a few edits do not move them.
_CHANGED_SHARE = 0.1
_UNSAVED_SHARE = 0.01
# New texts that are encoded in a second.
_AT_ONCE = 48


@dataclass(frozen=True)
class Result:
    """One entry as found, in the language that was asked for."""

    entry_id: str
    category: str
    question: str
    answer: str
    score: float  # 0 to 1

    def as_dict(self) -> dict[str, Any]:
        """The shape of the interface."""
        return {
            "entry_id": self.entry_id,
            "category": self.category,
            "question": self.question,
            "answer": self.answer,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True)
class Found:
    """`results` are the best, also when the decision is unknown: whoever asks decides what to do with them.

    `asked` is the question as it may be logged: normalised, without what tells who asked.
    """

    decision: Decision
    results: tuple[Result, ...]
    asked: str = ""


@dataclass(frozen=True)
class _Snapshot:
    index: Index
    fusion: Fusion
    learned_from: frozenset[str]  # fingerprints of texts


class FaqSearch:
    """`update` with entries, then `search`. Vectors and weights are kept in `folder` if there is one."""

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        self._encoder = encoder = mapped(meaning(encoder), METRIC_FILE)
        self._folder = folder
        self._cache = VectorCache(encoder, folder)
        self._analyser = Analyser(folder)
        self._snapshot: _Snapshot | None = None
        self._updating = threading.Lock()
        self._cache.load()

    @property
    def entries(self) -> int:
        """How many entries are searched."""
        return len(self._snapshot.index.entries) if self._snapshot else 0

    def update(self, entries: Sequence[Entry], progress: Callable[[int, int], None] | None = None) -> None:
        """Search these entries from now on, the newest last. Searches go on meanwhile; only texts not known yet are encoded.

        `progress` is told of the encoding; what it raises ends the update, and the next one goes on from there. While
        thousands of texts are new, the newest few entries are searched at once, the others all together at the end.
        """
        with self._updating:
            if self._snapshot and (soon := _without_most_new(entries, self._snapshot.index)):
                self._take(Index.build(soon, self._analyser, self._cache, self._encoder))
            index = Index.build(entries, self._analyser, self._cache, self._encoder, progress)
            self._take(index)
            self._analyser.keep_only(index.texts())
            self._cache.keep_only(row.text for row in index.rows)
            # Of a large file not every edit is worth a copy; what a crash loses is made again in a second.
            if max(self._cache.fresh, self._analyser.fresh) > _UNSAVED_SHARE * len(index.rows):
                self.save()

    def _take(self, index: Index) -> None:
        texts, before = frozenset(_fingerprint(row.text) for row in index.rows), self._snapshot
        if before and _about_the_same(texts, before.learned_from):
            self._snapshot = _Snapshot(index, before.fusion, before.learned_from)
        else:
            self._snapshot = _Snapshot(index, *self._fusion(index, texts))

    def save(self) -> None:
        """Write what was encoded and analysed, if there is a folder."""
        self._cache.save()
        self._analyser.save()

    def warm_up(self) -> None:
        """Load the dictionaries and touch the weights, so that nobody's search waits for that."""
        self._encoder.encode([self._analyser.query("怎么退貨 how to return").text])

    def search(self, query: str, locale: str, limit: int = 3) -> Found:
        """The decision and the `limit` best entries for a raw query. A query without a letter or digit is unknown."""
        snapshot = self._snapshot
        if snapshot is None or not snapshot.index.entries:
            return Found("unknown", ())
        prepared = self._analyser.query(query)
        asked = anonymous(mask(normalise(query, QUERY_CHARS)))
        if not any(char.isalnum() for char in prepared.text):
            return Found("unknown", (), asked)
        vector = self._encoder.encode([prepared.text])[0]
        decision, order, scores = snapshot.fusion.decide(snapshot.index.features(prepared, vector))
        wanted = language(locale)
        results = tuple(
            _result(snapshot.index.entries[place], wanted, float(score))
            for place, score in zip(order[:limit], scores[:limit], strict=True)
        )
        return Found(decision, results, asked)

    def cluster(self, texts: Sequence[str]) -> list[list[int]]:
        """Places of texts that mean the same; see `faq.clusters`. Encodes, so that hundreds of texts take seconds."""
        snapshot = self._snapshot
        if snapshot is None or not texts:
            return [[place] for place in range(len(texts))]
        queries = [self._analyser.query(text) for text in texts]
        parts = [queries[start : start + BATCH] for start in range(0, len(queries), BATCH)]
        # In small batches and through the process's memory of vectors: a search in between waits for one of them at most.
        vectors = np.vstack([self._encoder.encode([query.text for query in part]) for part in parts])
        return cluster(snapshot.index.similarity(queries, vectors))

    def _fusion(self, index: Index, texts: frozenset[str]) -> tuple[Fusion, frozenset[str]]:
        """The saved weights if they were learned from about these texts, else newly learned ones; and what from."""
        path = self._folder / "fusion.json" if self._folder else None
        key = self._key(index)
        if path and path.exists():
            try:
                saved = json.loads(path.read_text(encoding="utf-8"))
                learned_from = frozenset(map(str, saved["learned_from"]))
                if saved["key"] == key and _about_the_same(texts, learned_from):
                    return Fusion.from_dict(saved["fusion"]), learned_from
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("the saved weights are not readable and will be learned anew: %s", error)
        fusion = learn(index, self._ask)
        if path:
            fresh = path.with_suffix(".tmp")
            try:
                learned = {"key": key, "learned_from": sorted(texts), "fusion": fusion.as_dict()}
                fresh.write_text(json.dumps(learned), encoding="utf-8")
                os.replace(fresh, path)
            except OSError as error:
                log.warning("the learned weights could not be written: %s", error)
        return fusion, texts

    def _ask(self, texts: Sequence[str]) -> list[tuple[Prepared, Matrix]]:
        queries = [self._analyser.query(text) for text in texts]
        vectors = self._cache.get([query.text for query in queries])
        return list(zip(queries, vectors, strict=True))

    def _key(self, index: Index) -> str:
        """Names how the weights are learned, and whether there is enough to learn from."""
        digest = hashlib.sha256(f"{FUSION_VERSION} {self._encoder.name} {can_learn(index)}".encode())
        digest.update(OUT_OF_SCOPE_FILE.read_bytes())
        return digest.hexdigest()


def _without_most_new(entries: Sequence[Entry], index: Index) -> list[Entry] | None:
    """The entries, but of those with new texts only the newest that have _AT_ONCE together, the others as `index` has them.

    None when there are not more new texts than that.
    """
    known, old = index.texts(), {entry.id: entry for entry in index.entries}
    left, kept, some_wait = _AT_ONCE, list[Entry](), False
    for entry in reversed(entries):
        new = sum((text, place) not in known for text, place in rows_of([entry]))
        if new <= left:
            left -= new
            kept.append(entry)
        else:
            some_wait = True
            if entry.id in old:
                kept.append(old[entry.id])
    return kept if some_wait else None


def _about_the_same(texts: frozenset[str], others: frozenset[str]) -> bool:
    return len(texts ^ others) <= _CHANGED_SHARE * max(len(others), 1)


def _fingerprint(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _result(entry: Entry, wanted: str, score: float) -> Result:
    return Result(entry.id, entry.category, entry.question(wanted), entry.answer_in(wanted), score)
