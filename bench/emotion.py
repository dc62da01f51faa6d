"""Measure the mood detector.

    .venv/bot/bin/python -m bench.emotion --train T --test T [--calm FILE] [--encoder full|light]
    .venv/bot/bin/python -m bench.emotion --shipped --test T [--calm FILE]

T is TSV with the header `text<TAB>label`, one label being `angry`; it trains the detector on the first file, or with --shipped takes
the one of the newest model in bot/models. Last line, JSON: `accuracy`, `macro_f1`, `anger_precision`, `anger_recall`, `anger_f1`;
with --calm (a text file, one calm customer's line a line) also `alarms_per_1000`. A freshly trained detector decides by its own
labels; of the shipped one an anger of KEFU_ANGER_THRESHOLD counts, as in the running service.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from bench.rows import FileError, Rows, check_known, check_training, read_rows, read_text, run
from bench.scores import macro_f1, precision_recall_f1, rounded
from bench.shipped import load, newest_model
from handoff.domain.escalation import Thresholds
from nlp.encoders import encoder
from nlp.mood import Feeling, Mood

ANGRY = "angry"


def score(truth: Sequence[str], found: Sequence[str]) -> dict[str, object]:
    """The numbers of the module's docstring."""
    precision, recall, f1 = precision_recall_f1([t == ANGRY for t in truth], [f == ANGRY for f in found])
    return {
        "accuracy": sum(t == f for t, f in zip(truth, found, strict=True)) / len(truth),
        "macro_f1": macro_f1(truth, found),
        "anger_precision": precision,
        "anger_recall": recall,
        "anger_f1": f1,
    }


def labels_at(feelings: Sequence[Feeling], threshold: float | None) -> list[str]:
    """The label of each feeling; with a threshold it is `angry` from that anger on, and never below."""
    if threshold is None:
        return [feeling["label"] for feeling in feelings]
    return [
        ANGRY if feeling["anger"] >= threshold else "neutral" if feeling["label"] == ANGRY else feeling["label"]
        for feeling in feelings
    ]


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not empty. Raises FileError."""
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if not lines:
        raise FileError(f"{path.name}: no line with a text")
    return lines


def anger_threshold() -> float:
    """KEFU_ANGER_THRESHOLD, or the policy's own."""
    given = os.environ.get("KEFU_ANGER_THRESHOLD")
    try:
        return float(given) if given else Thresholds().anger
    except ValueError:
        raise FileError(f"KEFU_ANGER_THRESHOLD is not a number: {given!r}") from None


def check_angry(rows: Rows) -> None:
    """Refuse a training file without an angry row."""
    if ANGRY not in rows.labels:
        found = ", ".join(sorted(set(rows.labels)))
        raise FileError(
            f"{rows.name}: no row has the label {ANGRY!r}: there is nothing to learn anger from (labels: {found})"
        )


def check_moods(rows: Rows, known: Sequence[str]) -> None:
    """Refuse a file that calls anger otherwise: it has labels that the detector does not know, and no angry row."""
    if ANGRY in rows.labels:
        return
    for index, label in enumerate(rows.labels):
        if label not in known:
            raise FileError(
                f"{rows.row(index)}: the detector knows no label {label!r}, and no row is {ANGRY!r}; it knows {', '.join(known)}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.emotion", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", type=Path)
    source.add_argument("--shipped", action="store_true", help="the detector of the newest model in bot/models")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--calm", type=Path, help="lines of calm customers, to count false alarms")
    parser.add_argument("--encoder", choices=["full", "light"], default="full")
    chosen = parser.parse_args()
    test = read_rows(chosen.test)
    calm = read_lines(chosen.calm) if chosen.calm else []
    if chosen.shipped:
        mood, threshold = load(newest_model(), encoder(chosen.encoder)).mood, anger_threshold()
        check_moods(test, mood.classifier.labels)
    else:
        train = read_rows(chosen.train)
        check_training(train)
        check_angry(train)
        check_known(test, train)
        mood, threshold = Mood.fit(train.texts, train.labels, encoder(chosen.encoder)), None
    result = score(test.labels, labels_at(mood.score_many(test.texts), threshold))
    if calm:
        alarms = labels_at(mood.score_many(calm), threshold).count(ANGRY)
        result["alarms_per_1000"] = alarms * 1000 / len(calm)
    print(json.dumps(rounded(result)))


if __name__ == "__main__":
    run(main)
