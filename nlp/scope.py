"""Is a text about anything the classifier knows? Decided by how sure it is and how near the text is to its examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.encoders import Matrix
from nlp.regression import fit_softmax

# Labels under which training files keep what is nobody's business; they are learned like others and never accepted.
OUT_OF_SCOPE = frozenset({"out_of_scope", "oos", "NO_NODES_DETECTED"})
# However much the texts of held-out labels look like the others, a gate that turns away more than a tenth of what is
# in scope is worse than none: the customer asked for something we do.
MOST_REFUSED = 0.1


@dataclass(frozen=True)
class ScopeGate:
    """A logistic score over evidence [n, 4] (see `evidence`) and the threshold found on held-out rows."""

    mean: Matrix  # [4]
    scale: Matrix  # [4]
    weights: Matrix  # [4]
    bias: float
    threshold: float

    def score(self, evidence: Matrix) -> Matrix:
        """float32 [n]: probability that the text is in scope and its top label right."""
        logits = ((evidence - self.mean) / self.scale) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    @classmethod
    def fit(cls, inside: Matrix, right: npt.NDArray[np.bool_], outside: Matrix) -> ScopeGate:
        """Learn from held-out rows: `inside` [n, 4] with whether the top label was `right` [n], and `outside` [m, 4]
        from labels that the model had not seen."""
        rows = np.vstack([inside[right], outside]).astype(np.float32)
        targets = np.concatenate([np.ones(int(right.sum()), np.int64), np.zeros(len(outside), np.int64)])
        mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        weights, bias = fit_softmax(np.asarray((rows - mean) / scale, np.float32), targets, 2)
        gate = cls(mean, scale, weights[:, 1] - weights[:, 0], float(bias[1] - bias[0]), 0.0)
        return cls(gate.mean, gate.scale, gate.weights, gate.bias, _threshold(gate, inside, right, outside))

    @classmethod
    def by_probability(cls, threshold: float) -> ScopeGate:
        """A gate for too few rows to learn one: the top label's probability alone."""
        weights = np.array([8, 0, 0, 0], np.float32)
        zeros, ones = np.zeros(4, np.float32), np.ones(4, np.float32)
        return cls(zeros, ones, weights, -8 * threshold, 0.5)


def evidence(probabilities: Matrix, dense: Matrix, sparse: Matrix) -> Matrix:
    """float32 [n, 4]: the top probability, its lead over the second, and the similarity to the nearest example by
    vectors and by n-grams, from `probabilities` [n, k] and the similarities [n, examples] of both kinds."""
    ordered = np.sort(probabilities, axis=1)
    lead = ordered[:, -1] - (ordered[:, -2] if probabilities.shape[1] > 1 else 0)
    signs = np.stack([ordered[:, -1], lead, dense.max(axis=1), sparse.max(axis=1)], axis=1)
    return np.asarray(signs, np.float32)


def _threshold(gate: ScopeGate, inside: Matrix, right: npt.NDArray[np.bool_], outside: Matrix) -> float:
    """Where right-and-accepted inside plus refused outside is largest, but refusing at most MOST_REFUSED inside."""
    scores, others = gate.score(inside), gate.score(outside)
    candidates = np.unique(np.concatenate([scores, others]))
    gains = [float(((scores >= c) & right).mean() + (others < c).mean()) for c in candidates]
    return min(float(candidates[int(np.argmax(gains))]), float(np.quantile(scores, MOST_REFUSED)))
