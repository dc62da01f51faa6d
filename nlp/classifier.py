"""A linear text classifier with calibrated probabilities that knows what it does not know. Saved without pickle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp.encoders import Encoder, Matrix
from nlp.features import Features, FeatureSpace
from nlp.ngrams import NgramVectorizer, SparseRows
from nlp.regression import softmax
from nlp.scope import OUT_OF_SCOPE, ScopeGate, evidence
from nlp.training import Learned, Recipe, bent, learn

# So many texts at once are compared with all examples, 50 MB of 12,000.
_AT_ONCE = 1000
FORMAT = 3  # raised when a saved classifier of before can no longer be read


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

    def __init__(self, learned: Learned) -> None:
        self.labels = list(learned.labels)
        self._model = learned
        self._nearest = learned.examples.sparse.by_column()

    @property
    def gate(self) -> ScopeGate:
        """What tells whether a text is about anything known."""
        return self._model.gate

    @property
    def held_out(self) -> Matrix:
        """After `fit`: float32 [n, labels], the probabilities of each training row from a model that had not seen it."""
        return self._model.held_out

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        encoder: Encoder,
        *,
        seed: int = 7,
        balance: float = 0.0,
        reject: bool = True,
        recipes: Sequence[Recipe] = (),
    ) -> TextClassifier:
        """Train on raw `texts` by that of `recipes` (FEW, DOUBTFUL and MANY, if none are given) which does best on held-out rows.

        `balance`: 0 takes the labels to be as frequent as in training, 1 all equally. `reject` False: everything is in scope.

        Raises ValueError if there are no rows, fewer than two labels, or not as many labels as texts.
        """
        return cls(
            learn(
                texts,
                labels,
                encoder,
                seed=seed,
                balance=balance,
                reject=reject,
                recipes=recipes,
            )
        )

    def predict(self, text: str) -> Prediction:
        """The ranking of one raw text."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """The rankings of raw texts, encoded in one batch."""
        if not texts:
            return []
        features = self._model.space.transform(texts)
        places = np.arange(len(texts))
        parts = (features.take(places[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE))
        return [prediction for part in parts for prediction in self._predict(part)]

    def save(self, directory: Path) -> None:
        """Write `classifier.json` and `classifier.npz` into `directory`, which is made if it is not there."""
        model = self._model
        directory.mkdir(parents=True, exist_ok=True)
        meta = {
            "format": FORMAT,
            "encoder": model.space.encoder.name,
            "labels": self.labels,
            "bend": model.bend,
            "temperature": model.temperature,
            "vocabulary": model.space.ngrams.vocabulary,
            "gate": {"bias": model.gate.bias, "threshold": model.gate.threshold},
        }
        (directory / "classifier.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
        rows = model.examples.sparse
        np.savez_compressed(
            directory / "classifier.npz",
            dense=model.dense,
            sparse=model.sparse.astype(np.float16),
            bias=model.bias,
            centre=model.space.centre,
            idf=model.space.ngrams.idf,
            gate_mean=model.gate.mean,
            gate_scale=model.gate.scale,
            gate_weights=model.gate.weights,
            examples=model.examples.dense.astype(np.float16),
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
        labels = tuple(meta["labels"])
        return cls(
            Learned(
                FeatureSpace(encoder, part["centre"], ngrams),
                labels,
                meta["bend"],
                part["dense"],
                part["sparse"].astype(np.float32),
                part["bias"],
                meta["temperature"],
                gate,
                Features(part["examples"].astype(np.float32), rows),
                np.zeros((0, len(labels)), np.float32),
            )
        )

    def _predict(self, features: Features) -> list[Prediction]:
        model = self._model
        similar = np.asarray(features.dense @ model.examples.dense.T, np.float32)
        near = bent(similar, model.bend, len(model.space.encoder.widths)) if model.bend else features.dense
        logits = near @ model.dense + features.sparse.times(model.sparse) + model.bias
        probabilities = softmax(logits / model.temperature)
        scores = model.gate.score(evidence(probabilities, similar, self._similar_ngrams(features.sparse)))
        return [self._prediction(row, float(score)) for row, score in zip(probabilities, scores, strict=True)]

    def _prediction(self, row: Matrix, score: float) -> Prediction:
        order = np.argsort(-row, kind="stable")
        ranking = tuple((self.labels[index], float(row[index])) for index in order)
        return Prediction(ranking, score, score >= self._model.gate.threshold and ranking[0][0] not in OUT_OF_SCOPE)

    def _similar_ngrams(self, rows: SparseRows) -> Matrix:
        """float32 [n, examples]: dot products by n-grams, by way of the examples that hold each one."""
        return np.stack([self._nearest.products(*rows.row(index)) for index in range(len(rows))])
