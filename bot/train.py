"""The head start of `python -m bot train`: while Rasa loads, a quarter of a minute of one core, the training texts are encoded on the
other.

The encoders let Python go on while they work, so a thread is enough. A text that it has not reached is encoded by the component that
wants it; `rasa train` alone makes the same model.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import yaml

from nlp.features import prepare
from nlp.mood import read_examples
from nlp.vectors import training_encoder

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent


def encoders_of(config: dict[str, Any]) -> list[str]:
    """The kinds of encoder that the components of a Rasa configuration ask for."""
    own = [part for part in config["pipeline"] if part["name"].endswith((".IntentClassifier", ".MoodMeter"))]
    return sorted({part.get("encoder", "full") for part in own})


def examples_below(folder: Path) -> list[str]:
    """The lines of all intents in Rasa's YAML files of a folder, in the order of their names."""
    lines = []
    for path in sorted(folder.glob("*.yml")):
        for part in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" in part:
                lines += [line[2:] for line in part["examples"].splitlines() if line.startswith("- ")]
    return lines


def encode_ahead() -> None:
    """Encode what the intents and then what the mood learns from."""
    try:
        kinds = encoders_of(yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8")))
        for texts in (examples_below(ROOT / "bot" / "data" / "nlu"), read_examples()[0]):
            for kind in kinds:
                training_encoder(kind).encode(prepare(texts))
    except Exception:
        # Nothing is lost but time: whoever needs the vectors makes them, or says what is wrong with the data.
        log.exception("the training texts could not be encoded ahead")
