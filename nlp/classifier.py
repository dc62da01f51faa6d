"""A linear text classifier with calibrated probabilities that knows what it does not know. Saved without pickle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlp.calibration import Folds
from nlp.encoders import Encoder, Matrix
from nlp.features import Features, FeatureSpace
from nlp.ngrams import NgramVectorizer, SparseRows
from nlp.regression import fit_softmax, project, softmax
from nlp.scope import OUT_OF_SCOPE, ScopeGate, evidence

FORMAT = 1  # raised when a saved classifier of before can no longer be read


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
        self.temperature = temperature
        self.gate = gate
        # After `fit`: float32 [n, labels], the probabilities of each training row from a model that had not seen it.
        self.held_out = held_out
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
    ) -> TextClassifier:
        """Train on raw `texts`. About 4 s for 2,700 rows beside the encoding, on one core. `reject` False: everything is in scope.

        Raises ValueError if there are no rows, fewer than two labels, or not as many labels as texts.
        """
        if len(texts) != len(labels):
            raise ValueError(f"{len(texts)} texts but {len(labels)} labels")
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"at least two labels are needed to tell apart, found {len(names)}")
        space = FeatureSpace.fit(texts, encoder)
        features = space.transform(texts)
        targets = np.array([names.index(label) for label in labels], np.int64)
        near_dense = np.asarray(features.dense @ features.dense.T, np.float32)
        near_sparse = features.sparse.gram(features.sparse)
        projection = project(near_dense + near_sparse, seed=seed)
        weights, bias = fit_softmax(projection.rows, targets, len(names), strength=strength)
        alpha = np.asarray(projection.back @ weights, np.float32)
        folds = Folds(projection.rows, targets, names, near_dense, near_sparse, seed, strength)
        temperature, held_out = folds.calibrate()
        return cls(
            space,
            names,
            np.asarray(features.dense.T @ alpha, np.float32),
            features.sparse.transposed_times(alpha),
            bias,
            temperature,
            folds.gate(temperature) if reject else ScopeGate.by_probability(0.0),
            features,
            held_out,
        )

    def predict(self, text: str) -> Prediction:
        """The ranking of one raw text."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """The rankings of raw texts, encoded in one batch."""
        if not texts:
            return []
        features = self.space.transform(texts)
        probabilities = softmax(self.logits(features) / self.temperature)
        similar = np.asarray(features.dense @ self._examples.dense.T, np.float32)
        scores = self.gate.score(evidence(probabilities, similar, self._similar_ngrams(features.sparse)))
        return [self._prediction(row, float(score)) for row, score in zip(probabilities, scores, strict=True)]

    def logits(self, features: Features) -> Matrix:
        """float32 [n, labels] before the temperature."""
        return np.asarray(features.dense @ self._dense + features.sparse.times(self._sparse) + self._bias, np.float32)

    def save(self, directory: Path) -> None:
        """Write `classifier.json` and `classifier.npz` into `directory`, which is made if it is not there."""
        directory.mkdir(parents=True, exist_ok=True)
        meta = {
            "format": FORMAT,
            "encoder": self.space.encoder.name,
            "labels": self.labels,
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
            part["dense"],
            part["sparse"].astype(np.float32),
            part["bias"],
            meta["temperature"],
            gate,
            Features(part["examples"].astype(np.float32), rows),
        )

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


def _by_column(rows: SparseRows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Matrix]:
    """For each column, where its rows begin; the rows; their values."""
    order = np.argsort(rows.columns, kind="stable")
    holders = np.repeat(np.arange(len(rows)), np.diff(rows.starts))[order]
    ends = np.searchsorted(rows.columns[order], np.arange(rows.width + 1))
    return ends, holders, rows.values[order]
