"""Rasa without TensorFlow: for which configurations, and what is said to a component that wants it after all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import without_tensorflow

ROOT = Path(__file__).resolve().parents[2]
OURS: dict[str, Any] = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))


def test_that_the_shipped_bot_does_without() -> None:
    assert not without_tensorflow.is_needed(OURS)


@pytest.mark.parametrize(
    "other",
    [
        {"pipeline": [*OURS["pipeline"], {"name": "DIETClassifier"}]},
        {"policies": [*OURS["policies"], {"name": "TEDPolicy"}]},
        {"policies": [{"name": "shop.policies.Own"}]},
        {"pipeline": None},  # Rasa chooses
        {"policies": []},
    ],
)
def test_that_other_components_have_it(other: dict[str, Any]) -> None:
    assert without_tensorflow.is_needed({**OURS, **other})


def test_that_a_component_that_wants_it_is_told_why_it_is_not_there() -> None:
    script = """
from bot import without_tensorflow
without_tensorflow.leave_out()
import rasa.__main__, tensorflow
from rasa.engine.recipes import default_components
from rasa.utils.tensorflow.models import RasaModel
print(tensorflow.__spec__.origin)
for call in (RasaModel, tensorflow.keras.layers.Dense, tensorflow.constant):
    try:
        call(3)
    except TypeError as error:
        print(error)
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    origin, *errors = run.stdout.splitlines()
    assert origin == "None"
    names = ("rasa.utils.tensorflow.models.RasaModel", "tensorflow.keras.layers.Dense", "tensorflow.constant")
    assert len(errors) == len(names)
    for name, error in zip(names, errors, strict=True):
        assert error.startswith(
            f"{name} is wanted, but TensorFlow was left out, as config.yml names no component that uses it"
        )
