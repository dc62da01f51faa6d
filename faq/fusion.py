"""How the signals of a search become one score and a decision: small models learned from the entries' own phrasings.

Each phrasing is asked as if nobody had written it, and some as customers repeat a known one, with a slip; what is right
is known. A list of things that no shop answers shows what being far looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from faq.analysis import Prepared
from faq.index import Index
from nlp.encoders import Matrix
from nlp.regression import fit_softmax, minimise
from nlp.text import is_han

Decision = Literal["answer", "choices", "unknown"]
OUT_OF_SCOPE_FILE = Path(__file__).parent / "out_of_scope.txt"

SAMPLE = 600  # phrasings asked: enough for a dozen weights, and a second of work
REPEATED = 200  # phrasings asked again with a slip, their own row left in
_CANDIDATES = 20
_FEWEST = 60  # questions; below, nothing is learned and the weights below stand
# Of the questions answered without asking back, this share must be right.
PRECISION = 0.93
# Of the lines that are out of scope, this share must be turned away, unless that turned away more than MOST_REFUSED of the rest.
REFUSED = 0.94
MOST_REFUSED = 0.09
# Phrasings are written to differ from each other, so that among them words seem to say little. Customers repeat them,
# and nearness of no kind ever speaks against an entry: each signal weighs at least this much.
_FLOOR = 0.5
# The weights with both encoders, learned on the shipped entries with a single phrasing for each, in one language or in two, half of
# the times without their answers, times two: the thresholds are made for that scale. Of 6,500 questions that such weights were not
# learned from, 32 to 47 of 100 are found at once, without answers 22 to 34.
LEARNED_ELSEWHERE = (3.8, 3.2, 5.4, 10.6, 1.0, 6.9, 7.9, 1.0, 1.0)
_PENALTY = 0.002  # per question; keeps the weights of signals that always agree from running apart


@dataclass(frozen=True)
class Logistic:
    """A probability from evidence [4]: weights [4] and bias over standardised numbers."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def __call__(self, evidence: Matrix) -> Matrix:
        """float32 [n] from [n, 4]."""
        logits = ((evidence - np.array(self.mean)) / np.array(self.scale)) @ np.array(self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    @classmethod
    def fit(cls, yes: Matrix, no: Matrix) -> Logistic:
        """Tell the rows of `yes` from those of `no`, both kinds weighing as many as they are."""
        rows = np.vstack([yes, no])
        mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        targets = np.concatenate([np.ones(len(yes), np.int64), np.zeros(len(no), np.int64)])
        weights, bias = fit_softmax(np.asarray((rows - mean) / scale, np.float32), targets, 2, strength=5.0)
        difference = weights[:, 1] - weights[:, 0]
        return cls(_plain(mean), _plain(scale), _plain(difference), float(bias[1] - bias[0]))


@dataclass(frozen=True)
class Fusion:
    """Weights of the signals, and the two questions of a decision: is it about us at all, and is the first one right?"""

    weights: tuple[float, ...]
    about_us: Logistic
    right: Logistic
    unknown_below: float
    answer_from: float

    def rank(self, features: Matrix) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Entries best first, and their scores [entries] in the entries' own order."""
        scores = np.asarray(features @ np.array(self.weights), np.float32)
        return np.argsort(-scores, kind="stable"), scores

    def decide(self, features: Matrix) -> tuple[Decision, npt.NDArray[np.int64], Matrix]:
        """The decision, the entries best first, and a score from 0 to 1 for each of them in that order.

        The first one's score is the probability that it is the right one; the others share the rest by likelihood.
        """
        order, scores = self.rank(features)
        seen = evidence(features, order, scores)[None, :]
        about_us, right = float(self.about_us(seen)[0]), float(self.right(seen)[0])
        share = np.exp(scores[order] - scores[order[0]])
        rest = share[1:] / max(float(share[1:].sum()), 1e-9)
        certainty = right * about_us
        tail = np.minimum(rest * (1 - certainty), certainty * share[1:])
        shown = np.concatenate([[certainty], tail]).astype(np.float32)
        if about_us < self.unknown_below:
            return "unknown", order, shown
        return ("answer" if right >= self.answer_from else "choices"), order, shown

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Fusion:
        """What `as_dict` gave. Raises KeyError or TypeError for anything else."""
        models = {
            name: Logistic(tuple(part["mean"]), tuple(part["scale"]), tuple(part["weights"]), part["bias"])
            for name, part in ((name, saved[name]) for name in ("about_us", "right"))
        }
        return cls(
            tuple(saved["weights"]), models["about_us"], models["right"], saved["unknown_below"], saved["answer_from"]
        )

    @classmethod
    def untrained(cls, signals: int) -> Fusion:
        """For a handful of entries or one phrasing for each: weights as learned from others, and careful thresholds."""
        weights = np.array(LEARNED_ELSEWHERE) if signals == len(LEARNED_ELSEWHERE) else np.full(signals, 2.0)
        about_us = Logistic((0.0,) * 4, (1.0,) * 4, (0.0, 0.0, 12.0, 4.0), -6.5)
        right = Logistic((0.0,) * 4, (1.0,) * 4, (0.0, 0.5, 8.0, 4.0), -6.0)
        return cls(_plain(weights), about_us, right, 0.5, 0.6)


def evidence(features: Matrix, order: npt.NDArray[np.int64], scores: Matrix) -> Matrix:
    """float32 [4]: the first one's score, its lead, and the best vector and n-gram signal of any entry.

    Not BM25: a word of chit-chat that some phrasing happens to hold is the whole of what the query could get."""
    first = scores[order[0]]
    lead = first - scores[order[1]] if len(order) > 1 else first
    return np.array([first, lead, features[:, 0].max(), features[:, -1].max()], np.float32)


def learn(index: Index, ask: Callable[[Sequence[str]], list[tuple[Prepared, Matrix]]], *, seed: int = 7) -> Fusion:
    """Learn from an index's own phrasings and OUT_OF_SCOPE_FILE; `ask` gives each text as a query with its raw vector."""
    if not can_learn(index, seed):
        return Fusion.untrained(index.signals)
    chosen = _sample(index, seed)
    queries = ask([index.rows[row].text for row in chosen])
    asked = [index.features(query, vector, row) for (query, vector), row in zip(queries, chosen, strict=True)]
    again = np.random.default_rng(seed).permutation(chosen)[:REPEATED]
    asked += [
        index.features(query, vector) for query, vector in ask([slip(index.rows[row].text, row) for row in again])
    ]
    owners = index.owners[np.concatenate([chosen, again])]
    weights = _fit_weights(asked, owners)
    undecided = Logistic((0.0,) * 4, (1.0,) * 4, (0.0,) * 4, 0.0)
    plain = Fusion(_plain(weights), undecided, undecided, 0.0, 0.0)
    ranked = [plain.rank(features) for features in asked]
    inside = np.stack([evidence(features, *found) for features, found in zip(asked, ranked, strict=True)])
    correct = np.array([order[0] == owner for (order, _), owner in zip(ranked, owners, strict=True)])
    far = [index.features(query, vector) for query, vector in ask(out_of_scope_lines())]
    outside = np.stack([evidence(features, *plain.rank(features)) for features in far])
    about_us = Logistic.fit(inside, outside)
    if correct.all() or not correct.any():
        right, answer_from = about_us, 0.8
    else:
        right = Logistic.fit(inside[correct], inside[~correct])
        answer_from = _answer_from(right(inside), correct)
    unknown_below = min(
        float(np.quantile(about_us(outside), REFUSED)), float(np.quantile(about_us(inside), MOST_REFUSED))
    )
    return Fusion(_plain(weights), about_us, right, unknown_below, answer_from)


def can_learn(index: Index, seed: int = 7) -> bool:
    """Whether there are enough phrasings to learn from."""
    return len(index.entries) >= 5 and len(_sample(index, seed)) >= _FEWEST


def out_of_scope_lines(path: Path = OUT_OF_SCOPE_FILE) -> list[str]:
    """The lines of the file that are not empty and no comment."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


def slip(text: str, seed: int) -> str:
    """A text as somebody types it in a hurry: a character left out or two exchanged, perhaps a polite word before."""
    random = np.random.default_rng(seed)
    letters = list(text.rstrip("?!。. "))
    at = int(random.integers(max(len(letters) - 1, 1)))
    if len(letters) > 4 and random.random() < 0.5:
        del letters[at]
    elif len(letters) > 4:
        letters[at : at + 2] = letters[at : at + 2][::-1]
    polite = ("请问", "你好 ", "那个", "") if any(map(is_han, letters)) else ("hi, ", "please: ", "")
    return polite[int(random.integers(len(polite)))] + "".join(letters)


def _sample(index: Index, seed: int) -> npt.NDArray[np.int64]:
    """Rows of entries that keep another phrasing in the same language when one is left out."""
    counts: dict[tuple[int, int], int] = {}
    for row, owner in zip(index.rows, index.owners, strict=True):
        counts[int(owner), row.language] = counts.get((int(owner), row.language), 0) + 1
    fit = [n for n, row in enumerate(index.rows) if counts[int(index.owners[n]), row.language] > 1]
    chosen = np.random.default_rng(seed).permutation(np.array(fit, np.int64))[:SAMPLE]
    return np.sort(chosen)


def _fit_weights(asked: list[Matrix], owners: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Weights [signals] under which the right entry is the most likely of the candidates (listwise softmax)."""
    blocks, targets = [], []
    for features, owner in zip(asked, owners, strict=True):
        near = np.argsort(-features.mean(axis=1), kind="stable")[:_CANDIDATES]
        place = np.flatnonzero(near == owner)
        if len(place) and len(near) == min(_CANDIDATES, len(features)):
            blocks.append(features[near])
            targets.append(int(place[0]))
    if not targets:  # no question comes near its own entry: there is nothing to learn from
        return np.array(Fusion.untrained(asked[0].shape[1]).weights)
    stacked = np.stack(blocks).astype(np.float64)
    picked = np.arange(len(targets))

    def loss(roots: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights = _FLOOR + roots**2
        logits = stacked @ weights
        logits -= logits.max(axis=1, keepdims=True)
        exp = np.exp(logits)
        share = exp / exp.sum(axis=1, keepdims=True)
        value = -np.log(share[picked, targets] + 1e-12).mean() + _PENALTY * float(weights @ weights) / 2
        share[picked, targets] -= 1
        gradient = np.einsum("qc,qcf->f", share, stacked) / len(targets) + _PENALTY * weights
        return float(value), gradient * 2 * roots

    return minimise(loss, np.full(stacked.shape[2], 2.0), iterations=200) ** 2 + _FLOOR


def _answer_from(scores: Matrix, correct: npt.NDArray[np.bool_]) -> float:
    """The lowest threshold above which the share of right ones is PRECISION."""
    order = np.argsort(-scores, kind="stable")
    shares = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(shares >= PRECISION)
    return float(scores[order[good[-1]]]) if len(good) else 0.95


def _plain(values: npt.ArrayLike) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(values))
