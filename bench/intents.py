"""Train this project's intent pipeline on a file and measure it on another.

    .venv/bot/bin/python -m bench.intents --train T --test T [--lang zh|en] [--peer] [--encoder full|light]

Both files are TSV with the header `text<TAB>label`; the labels NO_NODES_DETECTED, oos and out_of_scope mean out of scope and may
stand in either. Last line, JSON: `in_scope_accuracy` (the best in-scope label, nothing refused), `threshold` (from the training
file), and at it `accepted_accuracy` (in-scope rows accepted and right), `oos_recall` (null without such rows), `accuracy` and `mcc`
(all rows, out of scope as one class); `best_mcc` (over all thresholds of the test file: only to compare with published ones),
`train_seconds`, `cpu_ms_per_message` (one at a time, nothing cached). --peer: Rasa's default pipeline (DIET) beside it as `plain_rasa`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Rows, check_known, check_training, read_rows, run
from bench.scores import mcc, rounded
from nlp.classifier import Prediction, TextClassifier
from nlp.encoders import Encoder, encoder
from nlp.metric import told_apart
from nlp.scope import OUT_OF_SCOPE
from nlp.tokens import warm_up

TIMED_MESSAGES = 100
_REFUSED = "out_of_scope"


@dataclass(frozen=True)
class Guess:
    """One test row as a pipeline sees it: the best in-scope label and how sure it is that the row is about that."""

    label: str
    score: float


@dataclass(frozen=True)
class Measured:
    """A pipeline's guesses over the test rows, its own threshold and what it cost."""

    guesses: Sequence[Guess]
    threshold: float
    train_seconds: float
    cpu_ms_per_message: float


def measure(train: Rows, test: Rows, chosen: Encoder) -> Measured:
    """Train on one file, guess the other's rows."""
    warm_up()
    chosen.encode(["warm"])
    started = time.perf_counter()
    classifier = TextClassifier.fit(train.texts, train.labels, chosen)
    train_seconds = time.perf_counter() - started
    timed = test.texts[:TIMED_MESSAGES]
    cpu = time.process_time()
    for text in timed:
        classifier.predict(text)
    cpu_ms = (time.process_time() - cpu) * 1000 / len(timed)
    guesses = [_guess(prediction) for prediction in classifier.predict_many(test.texts)]
    return Measured(guesses, classifier.gate.threshold, train_seconds, cpu_ms)


def score(truth: Sequence[str], measured: Measured) -> dict[str, object]:
    """The numbers of the module's docstring."""
    wanted = [_REFUSED if label in OUT_OF_SCOPE else label for label in truth]
    inside = [place for place, label in enumerate(wanted) if label != _REFUSED]
    outside = [place for place, label in enumerate(wanted) if label == _REFUSED]
    guesses = measured.guesses
    found = _at(guesses, measured.threshold)
    right = [w == f for w, f in zip(wanted, found, strict=True)]
    thresholds = sorted({guess.score for guess in guesses})
    # A few hundred thresholds say as much as thousands.
    thresholds = thresholds[:: max(len(thresholds) // 400, 1)]
    return {
        "in_scope_accuracy": _share([guesses[place].label == wanted[place] for place in inside]),
        "threshold": measured.threshold,
        "accepted_accuracy": _share([right[place] for place in inside]),
        "oos_recall": _share([right[place] for place in outside]),
        "accuracy": _share(right),
        "mcc": mcc(wanted, found),
        "best_mcc": max(mcc(wanted, _at(guesses, threshold)) for threshold in [*thresholds, 2.0]),
        "train_seconds": measured.train_seconds,
        "cpu_ms_per_message": measured.cpu_ms_per_message,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.intents", description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="for --peer; our own pipeline takes both")
    parser.add_argument("--encoder", choices=["full", "light"], default="full")
    parser.add_argument("--peer", action="store_true", help="also train Rasa's default pipeline")
    chosen = parser.parse_args()
    train, test = read_rows(chosen.train), read_rows(chosen.test)
    check_training(train)
    check_known(test, train)
    result = score(test.labels, measure(train, test, told_apart(encoder(chosen.encoder))))
    if chosen.peer:
        from bench.peer import measure_rasa

        result["plain_rasa"] = score(test.labels, measure_rasa(train, test, chosen.lang))
    print(json.dumps(rounded(result)))


def _guess(prediction: Prediction) -> Guess:
    label = next((name for name, _ in prediction.ranking if name not in OUT_OF_SCOPE), _REFUSED)
    return Guess(label, -1.0 if prediction.label in OUT_OF_SCOPE else prediction.in_scope)


def _at(guesses: Sequence[Guess], threshold: float) -> list[str]:
    return [guess.label if guess.score >= threshold else _REFUSED for guess in guesses]


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


if __name__ == "__main__":
    run(main)
