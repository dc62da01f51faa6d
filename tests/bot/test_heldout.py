"""The trained model on lines that no training file holds (tests/dialogue/nlu_heldout.yml)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.rows import FileError, read_rows
from bench.scores import macro_f1
from bench.shipped import Shipped, load, newest_model
from handoff.domain.escalation import Thresholds
from nlp.encoders import encoder

ROOT = Path(__file__).resolve().parents[2]
# Measured 2026-11-22; a change that costs two points of macro-F1 should be somebody's decision.
LEAST_MACRO_F1 = 0.88
LEAST_ANGER_RECALL = 0.72


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    try:
        return load(newest_model(), encoder())
    except FileError as error:
        pytest.skip(f"no current model to ask: {error}")


def test_that_the_trained_model_knows_held_out_lines(shipped: Shipped) -> None:
    file = yaml.safe_load((ROOT / "tests" / "dialogue" / "nlu_heldout.yml").read_text(encoding="utf-8"))
    pairs = [
        (line[2:], part["intent"])
        for part in file["nlu"]
        for line in part["examples"].splitlines()
        if line.startswith("- ")
    ]
    found = [prediction.label for prediction in shipped.classifier.predict_many([text for text, _ in pairs])]
    assert macro_f1([label for _, label in pairs], found) >= LEAST_MACRO_F1


def test_that_the_shipped_detector_hears_held_out_anger(shipped: Shipped) -> None:
    texts = read_rows(ROOT / "tests" / "fixtures" / "angry.tsv").texts
    heard = [feeling["anger"] >= Thresholds().anger for feeling in shipped.mood.score_many(texts)]
    assert sum(heard) / len(heard) >= LEAST_ANGER_RECALL
