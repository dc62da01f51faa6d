"""How a text classifier is learned: on dot products between rows, with what held-out rows say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlp.calibration import Fitted, Folds
from nlp.encoders import Encoder, Matrix
from nlp.features import Features, FeatureSpace
from nlp.regression import Projection, project, rank_for
from nlp.scope import ScopeGate


@dataclass(frozen=True)
class Recipe:
    """How a classifier is made. `bend`: of the similarity of vectors, 0 for none: with it, near examples count more than far
    ones. `ngrams`: what n-grams weigh. `name_counts`: how often the name of each label counts as one more example of it. `strength`
    and `doubt`: see `nlp.regression.fit_softmax`."""

    bend: float = 0.0
    ngrams: float = 1.0
    name_counts: float = 0.0
    strength: float = 20.0
    doubt: float = 0.0


# DOUBTFUL: few examples that were chosen with care stand for more than they say; where they are noisy, FEW is better.
FEW, DOUBTFUL = Recipe(name_counts=1.0), Recipe(name_counts=1.0, doubt=0.1)
MANY = Recipe(bend=1.5, ngrams=2.0, name_counts=4.0)
# With many examples MANY is better, with few mostly one of the others; up to here held-out rows decide.
_ROWS_TO_TRY = 1000
# What a bent similarity weighs against that of n-grams, per encoder.
_BENT_WEIGHT = 1.5
# Numbers in a table of how near rows are to each other, 1 GB. Of more than 15,800 rows some stand for all.
_MOST_NEAR = 250_000_000
_FEWEST_EXAMPLES = 1000


@dataclass(frozen=True)
class Learned:
    """A trained model. `dense`: by dimension [dim, labels], or, with a bend, by example [examples, labels]; `sparse` [width,
    labels]; the logits are the sum of both and `bias`, divided by `temperature`. `examples`: the rows that it measures by."""

    space: FeatureSpace
    labels: tuple[str, ...]
    bend: float
    dense: Matrix
    sparse: Matrix
    bias: Matrix
    temperature: float
    gate: ScopeGate
    examples: Features
    held_out: Matrix  # [n, labels]: the probabilities of each training row from a model that had not seen it


def bent(similar: Matrix, bend: float, parts: int) -> Matrix:
    """Sums of `parts` cosines, bent: the series of exp without its constant, so it stays a product of some vectors."""
    out = similar * np.float32(bend / parts)
    np.expm1(out, out)
    out *= np.float32(_BENT_WEIGHT * parts / np.expm1(bend))
    return out


def learn(
    texts: Sequence[str],
    labels: Sequence[str],
    encoder: Encoder,
    *,
    seed: int,
    balance: float,
    reject: bool,
    recipes: Sequence[Recipe],
) -> Learned:
    """See `nlp.classifier.TextClassifier.fit`."""
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts but {len(labels)} labels")
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise ValueError(f"at least two labels are needed to tell apart, found {len(names)}")
    targets = np.array([names.index(label) for label in labels], np.int64)
    given = recipes or ((FEW, DOUBTFUL, MANY) if len(texts) < _ROWS_TO_TRY else (MANY,))
    space = FeatureSpace.fit(texts, encoder)
    named = [name.replace("_", " ").lower() for name in names] if any(r.name_counts for r in given) else []
    features = space.transform([*texts, *named])
    rows = _Rows.of(space, features, targets, names, _counts(targets, balance), _examples(targets, len(named), seed))
    return max((rows.attempt(recipe, seed) for recipe in given), key=_Attempt.likelihood).finish(reject)


def _counts(targets: npt.NDArray[np.int64], balance: float) -> Matrix:
    """How often each row counts: as its label is rare, to the power of `balance`; once on average."""
    counts = (1 / np.bincount(targets)[targets]) ** balance
    return np.asarray(counts / counts.mean(), np.float32)


def _examples(targets: npt.NDArray[np.int64], named: int, seed: int) -> npt.NDArray[np.int64]:
    """Which of the rows, `named` of them behind those of `targets`, all others are measured by: all, or as many of each label in
    proportion as _MOST_NEAR allows, and each name."""
    rows = len(targets) + named
    if rows * rows <= _MOST_NEAR:
        return np.arange(rows)
    order = np.random.default_rng(seed).permutation(len(targets))
    order = order[np.argsort(targets[order], kind="stable")]  # by label, at random within each
    counts = np.bincount(targets)
    place = np.arange(len(targets)) - (np.cumsum(counts) - counts)[targets[order]]
    evenly = order[np.argsort(place / counts[targets[order]], kind="stable")]  # each label's first, then its others
    kept = max(_MOST_NEAR // rows, _FEWEST_EXAMPLES) - named
    return np.concatenate([np.sort(evenly[:kept]), np.arange(len(targets), rows)])


@dataclass(frozen=True)
class _Rows:
    """The training rows' features, then perhaps those of the labels' names, and how near they are to the `examples` among them."""

    space: FeatureSpace
    features: Features
    targets: npt.NDArray[np.int64]
    names: tuple[str, ...]
    counts: Matrix
    examples: npt.NDArray[np.int64]  # [m], ascending
    dense: Matrix  # [rows, m]
    sparse: Matrix  # [rows, m]

    @classmethod
    def of(
        cls,
        space: FeatureSpace,
        features: Features,
        targets: npt.NDArray[np.int64],
        names: tuple[str, ...],
        counts: Matrix,
        examples: npt.NDArray[np.int64],
    ) -> _Rows:
        chosen = features.take(examples)
        dense = np.asarray(features.dense @ chosen.dense.T, np.float32)
        return cls(space, features, targets, names, counts, examples, dense, features.sparse.gram(chosen.sparse))

    def attempt(self, recipe: Recipe, seed: int) -> _Attempt:
        """Carry a recipe out but for the gate."""
        used = len(self.features.dense) if recipe.name_counts else len(self.targets)
        examples = self.examples[self.examples < used]
        rank = rank_for(used, len(self.names))
        projection = project(self._gram(recipe, used, len(examples)), rank, examples=examples, seed=seed)
        own = examples[examples < len(self.targets)]
        folds = Folds(
            projection.rows,
            self.targets,
            self.names,
            own,
            self.dense[: len(self.targets), : len(own)],
            self.sparse[: len(self.targets), : len(own)],
            seed,
            recipe.strength,
            recipe.doubt,
            np.concatenate([self.counts, np.full(used - len(self.counts), recipe.name_counts, np.float32)]),
        )
        return _Attempt(recipe, self.space, self.features.take(examples), folds, projection, folds.fit())

    def _gram(self, recipe: Recipe, used: int, examples: int) -> Matrix:
        """float32 [used, examples]: the products of the rows as the recipe sees them."""
        near = self.dense[:used, :examples]
        gram = bent(near, recipe.bend, len(self.space.encoder.widths)) if recipe.bend else near.copy()
        for row, ngrams in zip(gram, self.sparse, strict=False):  # a whole table in between would be the largest of all
            row += recipe.ngrams * ngrams[:examples]
        return gram


@dataclass(frozen=True)
class _Attempt:
    """A recipe carried out but for the gate."""

    recipe: Recipe
    space: FeatureSpace
    examples: Features
    folds: Folds
    projection: Projection
    fitted: Fitted

    def likelihood(self) -> float:
        """Mean log probability of the right labels of held-out rows."""
        own = self.fitted.held_out[np.arange(len(self.folds.targets)), self.folds.targets]
        return float(np.log(own + 1e-6).mean())

    def finish(self, reject: bool) -> Learned:
        """The model as it is saved, with a gate of its own if it is to `reject`."""
        folds, recipe, fitted = self.folds, self.recipe, self.fitted
        alpha = np.asarray(self.projection.back @ fitted.weights, np.float32)
        return Learned(
            self.space,
            tuple(folds.names),
            recipe.bend,
            alpha if recipe.bend else np.asarray(self.examples.dense.T @ alpha, np.float32),
            recipe.ngrams * self.examples.sparse.transposed_times(alpha),
            fitted.bias,
            fitted.temperature,
            folds.gate(fitted.temperature) if reject else ScopeGate.by_probability(0.0),
            self.examples,
            fitted.held_out,
        )
