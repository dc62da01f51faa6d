"""The classifier and the mood detector of a trained model file, without Rasa around them."""

from __future__ import annotations

import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.rows import FileError
from nlp.classifier import TextClassifier
from nlp.encoders import Encoder
from nlp.metric import told_apart
from nlp.mood import Mood

MODELS = Path(__file__).resolve().parent.parent / "bot" / "models"


@dataclass(frozen=True)
class Shipped:
    """What the bot understands with."""

    classifier: TextClassifier
    mood: Mood


def newest_model(folder: Path = MODELS) -> Path:
    """The newest model file. Raises FileError if there is none."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise FileError(f"{folder}: no model here; train one with `make train`")
    return models[-1]


def load(model: Path, encoder: Encoder) -> Shipped:
    """Read both out of a model. Raises FileError if one is missing or was made by another version."""
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Path] = {}
        with tarfile.open(model) as archive:
            for member in archive:
                path = Path(member.name)
                kind = next((kind for kind in ("IntentClassifier", "MoodMeter") if kind in path.parent.name), None)
                source = archive.extractfile(member) if kind and member.isfile() else None
                if kind and source:
                    found[kind] = Path(folder) / kind
                    found[kind].mkdir(exist_ok=True)
                    (found[kind] / path.name).write_bytes(source.read())
        missing = {"IntentClassifier", "MoodMeter"} - set(found)
        if missing:
            raise FileError(f"{model.name}: holds no {' and no '.join(sorted(missing))}")
        try:
            return Shipped(
                TextClassifier.load(found["IntentClassifier"], told_apart(encoder)),
                Mood.load(found["MoodMeter"], encoder),
            )
        except (ValueError, KeyError, OSError) as error:
            raise FileError(f"{model.name}: {error}") from error
