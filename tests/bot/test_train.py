"""The head start of a training: which texts are encoded before Rasa asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.importers.importer import TrainingDataImporter

from bot import train
from bot.nlu.normaliser import Normaliser
from nlp.features import prepare
from nlp.vectors import KeptEncoder
from tests.fakes.encoder import HashingEncoder

ROOT = Path(__file__).resolve().parents[2]


def test_that_the_encoders_are_those_of_the_configuration() -> None:
    assert train.encoders_of(yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))) == ["full"]
    parts = [{"name": "bot.nlu.mood.MoodMeter", "encoder": "light"}, {"name": "bot.nlu.classifier.IntentClassifier"}]
    assert train.encoders_of({"pipeline": [*parts, {"name": "bot.nlu.normaliser.Normaliser"}]}) == ["full", "light"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what Rasa imports to check its files
def test_that_what_rasa_trains_on_is_encoded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = HashingEncoder()
    kept = KeptEncoder(inner, None)
    monkeypatch.setattr(train, "training_encoder", lambda kind: kept)
    train.encode_ahead()
    ahead = len(inner.encoded)
    importer = TrainingDataImporter.load_from_dict(training_data_paths=[str(ROOT / "bot" / "data" / "nlu")])
    data = Normaliser().process_training_data(importer.get_nlu_data())
    texts = [str(message.get("text")) for message in data.intent_examples]
    assert len(texts) > 4000
    kept.encode(prepare(texts))
    assert len(inner.encoded) - ahead < len(texts) / 100


def test_that_data_which_cannot_be_read_is_left_to_rasa(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "config.yml").write_text("pipeline: 3\n")
    monkeypatch.setattr(train, "ROOT", tmp_path)
    train.encode_ahead()
    assert "could not be encoded ahead" in caplog.text
