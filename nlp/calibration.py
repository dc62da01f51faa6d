"""Temperature and scope gate of a softmax, from models that had not seen the rows they are asked about."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from nlp.encoders import Matrix
from nlp.regression import best_temperature, fit_softmax, softmax
from nlp.scope import OUT_OF_SCOPE, ScopeGate, evidence

T = TypeVar("T")

FOLDS = 5
# Fewer rows than this say nothing about calibration when a fifth of them is held out.
_ROWS_TO_CALIBRATE = 20
_NEVER = -1e4  # the logit of a label that a model was not shown
# How sure a model is of what it does not know hangs on the directions in which rows differ most; all of them cost thrice as much.
_GATE_RANK = 700


def _side_by_side(work: Callable[[int], T], count: int = FOLDS) -> list[T]:
    """What `work` makes of 0, 1, … `count` - 1, in that order: numpy lets Python go on while it multiplies."""
    with ThreadPoolExecutor(min(count, len(os.sched_getaffinity(0)))) as pool:
        return list(pool.map(work, range(count)))


@dataclass(frozen=True)
class Fitted:
    """A model of all rows, and what models that had not seen them say of them."""

    weights: Matrix  # [r, labels]
    bias: Matrix  # [labels]
    temperature: float  # 1 with too few rows to tell
    held_out: Matrix  # [n, labels]: calibrated probabilities of each row by a model of the other folds; even ones with too few rows


@dataclass
class Folds:
    """Training rows [n, r], the last columns those in which they differ most, with their labels and how near they are to the
    `examples` among them, by vectors and by n-grams.

    `rows` may have more rows than there are targets: one for each of `names` in order, its own name as an example, which
    is never asked. `counts`: how often each of `rows` counts.
    """

    rows: Matrix
    targets: npt.NDArray[np.int64]
    names: Sequence[str]
    examples: npt.NDArray[np.int64]  # [m]
    near_dense: Matrix  # [n, m]
    near_sparse: Matrix  # [n, m]
    seed: int
    strength: float
    doubt: float
    counts: Matrix

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        self._fold = np.zeros(len(self.targets), np.int64)
        for label in range(len(self.names)):
            where = random.permutation(np.flatnonzero(self.targets == label))
            self._fold[where] = (np.arange(len(where)) + random.integers(FOLDS)) % FOLDS
        self._group = random.permutation(len(self.names)) % FOLDS
        self._refused = np.array([name in OUT_OF_SCOPE for name in self.names])

    def fit(self) -> Fitted:
        """Train on all rows, and on parts of them for the temperature and the calibrated probabilities of each row."""
        if len(self.targets) < _ROWS_TO_CALIBRATE:
            even = np.full((len(self.targets), len(self.names)), 1 / len(self.names), np.float32)
            return Fitted(*self._whole(), 1.0, even)
        logits = np.full((len(self.targets), len(self.names)), _NEVER, np.float32)

        def hold_out(number: int) -> tuple[Matrix, Matrix] | None:
            if number == 0:
                return self._whole()  # the longest first
            out = self._fold == number - 1
            if out.any():
                logits[out] = self._logits(self.rows, ~out, out)
            return None

        whole = next(model for model in _side_by_side(hold_out, FOLDS + 1) if model is not None)
        temperature = best_temperature(logits, self.targets)
        return Fitted(*whole, temperature, softmax(logits / temperature))

    def _whole(self) -> tuple[Matrix, Matrix]:
        targets = np.concatenate([self.targets, np.arange(len(self.rows) - len(self.targets))])
        return self._model(self.rows, targets, len(self.names), self.counts)

    def _model(
        self, rows: Matrix, targets: npt.NDArray[np.int64], classes: int, counts: Matrix
    ) -> tuple[Matrix, Matrix]:
        return fit_softmax(rows, targets, classes, strength=self.strength, counts=counts, doubt=self.doubt)

    def gate(self, temperature: float) -> ScopeGate:
        """Learned by hiding, from each fold's model, a fifth of the labels as well: their rows are out of scope to it."""
        if len(self.targets) < _ROWS_TO_CALIBRATE:
            return ScopeGate.by_probability(0.5)
        leading = np.ascontiguousarray(self.rows[:, -_GATE_RANK:])

        def ask(number: int) -> tuple[Matrix, npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
            hidden = (self._group == number) & ~self._refused
            if len(self.names) - int(hidden.sum()) < 2:
                hidden[:] = False
            seen = (self._fold != number) & ~hidden[self.targets]
            asked = (self._fold == number) | hidden[self.targets]
            if not asked.any() or len(np.unique(self.targets[seen])) < 2:
                return None
            probabilities = softmax(self._logits(leading, seen, asked) / temperature)
            near = np.ix_(asked, seen[self.examples])
            return (
                evidence(probabilities, self.near_dense[near], self.near_sparse[near]),
                probabilities.argmax(axis=1) == self.targets[asked],
                ~(hidden | self._refused)[self.targets[asked]],
            )

        found = [answer for answer in _side_by_side(ask) if answer is not None]
        if not found:
            return ScopeGate.by_probability(0.5)
        signs, right, inside = zip(*found, strict=True)
        every, correct, own = np.vstack(signs), np.concatenate(right), np.concatenate(inside)
        if own.all() or not (own & correct).any():
            return ScopeGate.by_probability(0.5)
        return ScopeGate.fit(every[own], correct[own], every[~own])

    def _logits(self, rows: Matrix, seen: npt.NDArray[np.bool_], asked: npt.NDArray[np.bool_]) -> Matrix:
        """float32 [asked, labels] by a model of the rows `seen`; labels that none of those has are out of the question."""
        kept = np.unique(self.targets[seen])
        places, targets = np.flatnonzero(seen), self.targets[seen]
        if len(rows) > len(self.targets):
            places = np.concatenate([places, len(self.targets) + kept])
            targets = np.concatenate([targets, kept])
        weights, bias = self._model(rows[places], np.searchsorted(kept, targets), len(kept), self.counts[places])
        found = np.full((int(asked.sum()), len(self.names)), _NEVER, np.float32)
        found[:, kept] = rows[: len(self.targets)][asked] @ weights + bias
        return found
