"""A linear text classifier with calibrated probabilities that knows what it does not know. Saved without pickle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlp.calibration import Folds
from nlp.encoders import Encoder, Matrix
from nlp.features import Features, FeatureSpace
from nlp.ngrams import NgramVectorizer, SparseRows
from nlp.regression import Projection, fit_softmax, project, rank_for, softmax
from nlp.scope import OUT_OF_SCOPE, ScopeGate, evidence

FORMAT = 2  # raised when a saved classifier of before can no longer be read


@dataclass(frozen=True)
class Recipe:
    """How a classifier is made. `bend`: of the similarity of vectors, 0 for none: with it, near examples count more than far
    ones. `name_counts`: how often the name of each label counts as one more example of it; 0 for not at all."""

    bend: float = 0.0
    name_counts: float = 0.0


PLAIN, BENT = Recipe(), Recipe(bend=1.5, name_counts=4.0)
# With many examples a bent model with names is better, with few a plain one; up to here held-out rows decide.
_ROWS_TO_TRY = 1000
# What a bent similarity weighs against that of n-grams, per encoder.
_BENT_WEIGHT = 1.5


@dataclass(frozen=True)
class Prediction:
    """`ranking`: all labels with calibrated probabilities, best first, plain floats. `in_scope`: 0 to 1."""

    ranking: tuple[tuple[str, float], ...]
    in_scope: float
    known: bool  # in_scope reaches the threshold and the best label is not one of OUT_OF_SCOPE

    @property
    def label(self) -> str:
        return self.ranking[0][0]

    @property
    def confidence(self) -> float:
        return self.ranking[0][1]

    def probability(self, label: str) -> float:
        """That label's probability, 0 for one that was not trained."""
        return dict(self.ranking).get(label, 0.0)


class TextClassifier:
    """Softmax over centred sentence vectors and n-grams."""

    def __init__(
        self,
        space: FeatureSpace,
        labels: Sequence[str],
        recipe: Recipe,
        dense: Matrix,
        sparse: Matrix,
        bias: Matrix,
        temperature: float,
        gate: ScopeGate,
        examples: Features,
        held_out: Matrix | None = None,
    ) -> None:
        self.space = space
        self.labels = list(labels)
        self.recipe = recipe
        self.temperature = temperature
        self.gate = gate
        # After `fit`: float32 [n, labels], the probabilities of each training row from a model that had not seen it.
        self.held_out = held_out
        # `dense`: by dimension [dim, labels], or, in a bent model, by example [examples, labels].
        self._dense, self._sparse, self._bias = dense, sparse, bias
        self._examples = examples
        self._nearest = _by_column(examples.sparse)

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        encoder: Encoder,
        *,
        seed: int = 7,
        strength: float = 20.0,
        reject: bool = True,
        recipes: Sequence[Recipe] = (),
    ) -> TextClassifier:
        """Train on raw `texts` by that of `recipes` (PLAIN and BENT, if none are given) which does best on held-out rows.

        `reject` False: everything is in scope.

        Raises ValueError if there are no rows, fewer than two labels, or not as many labels as texts.
        """
        if len(texts) != len(labels):
            raise ValueError(f"{len(texts)} texts but {len(labels)} labels")
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"at least two labels are needed to tell apart, found {len(names)}")
        targets = np.array([names.index(label) for label in labels], np.int64)
        given = recipes or ((PLAIN, BENT) if len(texts) < _ROWS_TO_TRY else (BENT,))
        space = FeatureSpace.fit(texts, encoder)
        named = [name.replace("_", " ").lower() for name in names] if any(r.name_counts for r in given) else []
        rows = _Rows.of(space, space.transform([*texts, *named]), targets, names)
        return max((rows.attempt(recipe, seed, strength) for recipe in given), key=_Attempt.likelihood).finish(reject)

    def predict(self, text: str) -> Prediction:
        """The ranking of one raw text."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """The rankings of raw texts, encoded in one batch."""
        if not texts:
            return []
        features = self.space.transform(texts)
        similar = np.asarray(features.dense @ self._examples.dense.T, np.float32)
        dense = self._bent(similar) @ self._dense if self.recipe.bend else features.dense @ self._dense
        probabilities = softmax((dense + features.sparse.times(self._sparse) + self._bias) / self.temperature)
        scores = self.gate.score(evidence(probabilities, similar, self._similar_ngrams(features.sparse)))
        return [self._prediction(row, float(score)) for row, score in zip(probabilities, scores, strict=True)]

    def save(self, directory: Path) -> None:
        """Write `classifier.json` and `classifier.npz` into `directory`, which is made if it is not there."""
        directory.mkdir(parents=True, exist_ok=True)
        meta = {
            "format": FORMAT,
            "encoder": self.space.encoder.name,
            "labels": self.labels,
            "recipe": asdict(self.recipe),
            "temperature": self.temperature,
            "vocabulary": self.space.ngrams.vocabulary,
            "gate": {"bias": self.gate.bias, "threshold": self.gate.threshold},
        }
        (directory / "classifier.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
        rows = self._examples.sparse
        np.savez_compressed(
            directory / "classifier.npz",
            dense=self._dense,
            sparse=self._sparse.astype(np.float16),
            bias=self._bias,
            centre=self.space.centre,
            idf=self.space.ngrams.idf,
            gate_mean=self.gate.mean,
            gate_scale=self.gate.scale,
            gate_weights=self.gate.weights,
            examples=self._examples.dense.astype(np.float16),
            columns=rows.columns,
            values=rows.values.astype(np.float16),
            starts=rows.starts,
        )

    @classmethod
    def load(cls, directory: Path, encoder: Encoder) -> TextClassifier:
        """Read what `save` wrote. Raises ValueError if it was made in another format or with another encoder."""
        meta = json.loads((directory / "classifier.json").read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise ValueError(f"{directory} has format {meta['format']}, this version reads {FORMAT}: train again")
        if meta["encoder"] != encoder.name:
            raise ValueError(f"{directory} was trained with {meta['encoder']}, not {encoder.name}: train again")
        with np.load(directory / "classifier.npz", allow_pickle=False) as saved:
            part = {name: saved[name] for name in saved.files}
        ngrams = NgramVectorizer(meta["vocabulary"], part["idf"])
        rows = SparseRows(part["columns"], part["values"].astype(np.float32), part["starts"], ngrams.width)
        gate = ScopeGate(part["gate_mean"], part["gate_scale"], part["gate_weights"], **meta["gate"])
        return cls(
            FeatureSpace(encoder, part["centre"], ngrams),
            meta["labels"],
            Recipe(**meta["recipe"]),
            part["dense"].astype(np.float32),
            part["sparse"].astype(np.float32),
            part["bias"],
            meta["temperature"],
            gate,
            Features(part["examples"].astype(np.float32), rows),
        )

    def _bent(self, similar: Matrix) -> Matrix:
        return _bend(similar, self.recipe.bend, len(self.space.encoder.widths))

    def _prediction(self, row: Matrix, score: float) -> Prediction:
        order = np.argsort(-row, kind="stable")
        ranking = tuple((self.labels[index], float(row[index])) for index in order)
        return Prediction(ranking, score, score >= self.gate.threshold and ranking[0][0] not in OUT_OF_SCOPE)

    def _similar_ngrams(self, rows: SparseRows) -> Matrix:
        """float32 [n, examples]: dot products by n-grams, by way of the examples that hold each one."""
        out = np.zeros((len(rows), len(self._examples.sparse)), np.float32)
        ends, holders, values = self._nearest
        for index in range(len(rows)):
            for column, value in zip(*rows.row(index), strict=True):
                part = slice(ends[column], ends[column + 1])
                out[index, holders[part]] += value * values[part]
        return out


@dataclass(frozen=True)
class _Rows:
    """The training rows' features, then perhaps those of the labels' names, and how near they are to each other."""

    space: FeatureSpace
    features: Features
    targets: npt.NDArray[np.int64]
    names: Sequence[str]
    dense: Matrix
    sparse: Matrix

    @classmethod
    def of(cls, space: FeatureSpace, features: Features, targets: npt.NDArray[np.int64], names: Sequence[str]) -> _Rows:
        dense = np.asarray(features.dense @ features.dense.T, np.float32)
        return cls(space, features, targets, names, dense, features.sparse.gram(features.sparse))

    def attempt(self, recipe: Recipe, seed: int, strength: float) -> _Attempt:
        """Carry a recipe out up to the held-out rows."""
        own, used = slice(len(self.targets)), slice(None if recipe.name_counts else len(self.targets))
        near = self.dense[used, used]
        bent = _bend(near, recipe.bend, len(self.space.encoder.widths)) if recipe.bend else near
        rank = rank_for(len(bent), len(self.names))
        projection = project(bent + self.sparse[used, used], rank, seed=seed)
        near_dense, near_sparse = self.dense[own, own], self.sparse[own, own]
        folds = Folds(
            projection.rows, self.targets, self.names, near_dense, near_sparse, seed, strength, recipe.name_counts
        )
        examples = Features(self.features.dense[used], self.features.sparse.first(len(projection.rows)))
        return _Attempt(recipe, self.space, examples, folds, projection, *folds.calibrate())


@dataclass(frozen=True)
class _Attempt:
    """A recipe carried out up to the held-out rows."""

    recipe: Recipe
    space: FeatureSpace
    examples: Features
    folds: Folds
    projection: Projection
    temperature: float
    held_out: Matrix

    def likelihood(self) -> float:
        """Mean log probability of the right labels of held-out rows."""
        own = self.held_out[np.arange(len(self.folds.targets)), self.folds.targets]
        return float(np.log(own + 1e-6).mean())

    def finish(self, reject: bool) -> TextClassifier:
        """Train on all rows."""
        folds, names = self.folds, self.folds.names
        extra = len(folds.rows) - len(folds.targets)
        counts = np.concatenate([np.ones(len(folds.targets)), np.full(extra, self.recipe.name_counts)])
        targets = np.concatenate([folds.targets, np.arange(extra)])
        weights, bias = fit_softmax(
            self.projection.rows, targets, len(names), strength=folds.strength, counts=counts.astype(np.float32)
        )
        alpha = np.asarray(self.projection.back @ weights, np.float32)
        dense = alpha if self.recipe.bend else np.asarray(self.examples.dense.T @ alpha, np.float32)
        gate = folds.gate(self.temperature) if reject else ScopeGate.by_probability(0.0)
        sparse = self.examples.sparse.transposed_times(alpha)
        return TextClassifier(
            self.space, names, self.recipe, dense, sparse, bias, self.temperature, gate, self.examples, self.held_out
        )


def _bend(similar: Matrix, bend: float, parts: int) -> Matrix:
    """Sums of `parts` cosines, bent: the series of exp without its constant, so it stays a product of some vectors."""
    return np.asarray(_BENT_WEIGHT * parts * np.expm1(bend * similar / parts) / np.expm1(bend), np.float32)


def _by_column(rows: SparseRows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Matrix]:
    """For each column, where its rows begin; the rows; their values."""
    order = np.argsort(rows.columns, kind="stable")
    holders = np.repeat(np.arange(len(rows)), np.diff(rows.starts))[order]
    ends = np.searchsorted(rows.columns[order], np.arange(rows.width + 1))
    return ends, holders, rows.values[order]
