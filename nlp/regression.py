"""Multinomial logistic regression in numpy: trained on dot products, so that its cost depends on the rows alone.

With K = X·Xᵀ = Z·Zᵀ the penalised likelihood over X has the same optimum as over Z (the weights lie in the span of
the rows), and Z has at most as many columns as there are rows, however many n-grams X has.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.encoders import Matrix

# The directions of K in which rows differ least are left out of large problems: a fit costs rows × directions × classes, and
# finding them rows² × directions. Not too many: 700 of the 2,700 that 51 intents had cost more than a point of accuracy.
_COST = 3e8
_RANKS = (500, 2000)
# However many classes: the more rows there are, the less a model of few directions can tell apart what is near.
_ROWS_A_DIRECTION, _MOST = 6, 3000
_SURE = 0.1  # of the curvature at the start, what is left towards the optimum


@dataclass(frozen=True)
class Projection:
    """`rows` float32 [n, r] with rows·rowsᵀ ≈ K, and `back` [m, r]: weights w over them are Eᵀ·(back·w) over the columns of X,
    E being those m rows of X that all were measured by."""

    rows: Matrix
    back: Matrix


def rank_for(rows: int, classes: int) -> int:
    """How many directions a problem of this size is worth."""
    worth = max(_RANKS[0], min(_RANKS[1], int(_COST / (rows * classes))))
    return min(rows, max(worth, min(_MOST, rows // _ROWS_A_DIRECTION)))


def project(gram: Matrix, rank: int, *, examples: npt.NDArray[np.int64] | None = None, seed: int = 7) -> Projection:
    """Decompose a Gram matrix [n, n], or those columns of it [n, m] that are the `examples` [m], into at most `rank` directions,
    the largest last.

    If there are more, by Nyström's method over a random subspace that was multiplied with the matrix once (Halko, Martinsson and
    Tropp 2011, 5.5).
    """
    square = gram if examples is None or len(examples) == len(gram) else gram[examples]
    if len(square) <= rank:
        values, vectors = np.linalg.eigh(square.astype(np.float64))
        kept = values > 1e-5 * max(float(values[-1]), 1e-12)
        roots = np.sqrt(values[kept])
        back = np.asarray(vectors[:, kept] / roots, np.float32)
        return Projection(np.asarray(vectors[:, kept] * roots, np.float32) if square is gram else gram @ back, back)
    random = np.random.default_rng(seed)
    basis = _orthonormal(_product(square, random.standard_normal((len(square), rank)).astype(np.float32)))
    image = _product(gram, basis)
    small = basis.T @ (image if square is gram else image[examples])
    values, vectors = np.linalg.eigh(((small + small.T) / 2).astype(np.float64))
    kept = values > 1e-5 * max(float(values[-1]), 1e-12)
    turn = np.asarray(vectors[:, kept] / np.sqrt(values[kept]), np.float32)
    return Projection(image @ turn, basis @ turn)


def _product(left: Matrix, right: Matrix) -> Matrix:
    """left @ right, some rows on each core: in training numpy has one thread for itself, and the folds have all cores."""
    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as pool:
        return np.vstack(list(pool.map(lambda rows: rows @ right, np.array_split(left, cores))))


def _orthonormal(columns: Matrix) -> Matrix:
    """A basis of what `columns` [n, r] span, nearly: by their products, much faster than a QR decomposition of long columns."""
    values, vectors = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    kept = values > 1e-6 * values[-1]
    return np.asarray(columns @ np.asarray(vectors[:, kept] / np.sqrt(values[kept]), np.float32), np.float32)


def fit_softmax(
    rows: Matrix,
    targets: npt.NDArray[np.int64],
    classes: int,
    *,
    strength: float = 20.0,
    iterations: int = 100,
    counts: Matrix | None = None,
    doubt: float = 0.0,
) -> tuple[Matrix, Matrix]:
    """Weights [r, classes] and bias [classes] of the most likely softmax; `strength` is the inverse penalty (C).

    The likelihood is a sum over rows, so more data weigh more against the penalty; `counts` [n] is how often each row counts
    (once if not given). The bias is not penalised. `doubt` is the part of each row that says nothing and is given to all classes alike
    (label smoothing, Szegedy et al. 2016): then rows far from the border still pull.
    """
    hot = np.full((len(rows), classes), doubt / classes, np.float32)
    hot[np.arange(len(rows)), targets] += 1 - doubt
    width = rows.shape[1]
    times = np.ones(len(rows), np.float32) if counts is None else np.asarray(counts, np.float32)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights = flat.reshape(width + 1, classes)
        small = weights.astype(np.float32)
        logits = rows @ small[:-1] + small[-1]
        logits -= logits.max(axis=1, keepdims=True)
        exp = np.exp(logits)
        total = exp.sum(axis=1, keepdims=True)
        each = np.log(total[:, 0]) - (1 - doubt) * logits[np.arange(len(rows)), targets]
        if doubt:
            each -= doubt * logits.mean(axis=1)
        value = float((each * times).sum(dtype=np.float64))
        error = (exp / total - hot) * times[:, None]
        gradient = np.vstack([(error.T @ rows).T, error.sum(axis=0, keepdims=True)]).astype(np.float64)
        gradient[:-1] += weights[:-1] / strength
        return value + float((weights[:-1] ** 2).sum()) / (2 * strength), gradient.ravel()

    # The columns of a projection are orthogonal and of very different lengths: so, nearly, is the curvature (no mixed terms, about
    # p(1-p) times the squared length; at the optimum most rows are sure of their label). It saves a quarter to a third of the steps.
    lengths = np.append((rows.astype(np.float64) ** 2 * times[:, None]).sum(axis=0), times.sum(dtype=np.float64))
    curvature = _SURE / classes * lengths + np.append(np.full(width, 1 / strength), 0)
    start = np.zeros((width + 1) * classes)
    scale = np.repeat(1 / curvature, classes)
    # So near the optimum that held-out rows are labelled as at the optimum itself, whichever way the steps went.
    best = minimise(loss, start, iterations=iterations, tolerance=3e-4, scale=scale)
    weights = best.reshape(width + 1, classes).astype(np.float32)
    return weights[:-1], weights[-1]


def softmax(logits: npt.ArrayLike) -> Matrix:
    """Rows of `logits` [n, k] as probabilities."""
    array = np.asarray(logits, np.float32)
    exp = np.exp(array - array.max(axis=-1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=-1, keepdims=True), np.float32)


def best_temperature(logits: Matrix, targets: npt.NDArray[np.int64]) -> float:
    """The divisor of `logits` [n, k] that makes the held-out `targets` [n] most likely (temperature scaling)."""
    candidates = np.geomspace(0.2, 5, 60)
    rows = np.arange(len(targets))
    losses = [-float(np.log(softmax(logits / t)[rows, targets] + 1e-9).mean()) for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def minimise(
    loss: Callable[[npt.NDArray[np.float64]], tuple[float, npt.NDArray[np.float64]]],
    start: npt.NDArray[np.float64],
    *,
    iterations: int,
    memory: int = 8,
    tolerance: float = 1e-4,
    scale: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """L-BFGS with Armijo backtracking (Nocedal and Wright, algorithm 7.5) for a smooth convex `loss`. `scale`: one over its
    curvature by coordinate, roughly, if that is known.

    Stops when the gradient's norm is `tolerance` of the first one's, or after `iterations`.
    """
    point, (value, gradient) = start, loss(start)
    first = float(np.linalg.norm(gradient))
    steps: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]] = []
    for _ in range(iterations):
        if float(np.linalg.norm(gradient)) <= tolerance * max(first, 1e-12):
            break
        direction = -_two_loops(steps, gradient, 1.0 if scale is None else scale)
        slope = float(direction @ gradient)
        size = 1.0 if steps or scale is not None else 1.0 / max(float(np.linalg.norm(gradient)), 1.0)
        for _ in range(30):
            moved = point + size * direction
            moved_value, moved_gradient = loss(moved)
            if moved_value <= value + 1e-4 * size * slope:
                break
            size *= 0.5
        else:
            break
        step, change = moved - point, moved_gradient - gradient
        curvature = float(step @ change)
        if curvature > 1e-10:
            steps = [*steps[-memory + 1 :], (step, change, 1.0 / curvature)]
        point, value, gradient = moved, moved_value, moved_gradient
    return point


def _two_loops(
    steps: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]],
    gradient: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64] | float,
) -> npt.NDArray[np.float64]:
    direction = gradient.copy()
    factors = []
    for step, change, inverse in reversed(steps):
        factor = inverse * float(step @ direction)
        factors.append(factor)
        direction -= factor * change
    direction *= scale
    if steps:
        step, change, inverse = steps[-1]
        direction /= inverse * float(change @ (change * scale))
    for (step, change, inverse), factor in zip(steps, reversed(factors), strict=True):
        direction += step * (factor - inverse * float(change @ direction))
    return direction
