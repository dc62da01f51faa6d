"""Rasa's documented default pipeline (DIET) on the same files, to compare with. Needs the bot's environment."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import yaml

from bench.intents import TIMED_MESSAGES, Guess, Measured
from bench.rows import Rows
from nlp.scope import OUT_OF_SCOPE

# As `rasa init` and the documentation of Rasa 3.6 give it ("Sensible Starting Pipelines"), with its thresholds.
_THRESHOLD = 0.3


def measure_rasa(train: Rows, test: Rows, lang: str) -> Measured:
    """Train and ask Rasa in a folder of its own."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return asyncio.run(_measure(Path(folder), train, test, lang))


async def _measure(folder: Path, train: Rows, test: Rows, lang: str) -> Measured:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    # Labels may hold characters that Rasa reads as something else ("/" makes a response selector's key).
    names = {label: f"label_{place}" for place, label in enumerate(dict.fromkeys(train.labels))}
    labels = {name: label for label, name in names.items()}
    (folder / "config.yml").write_text(yaml.safe_dump(pipeline(lang)), encoding="utf-8")
    (folder / "nlu.yml").write_text(nlu_file(train, names), encoding="utf-8")
    started = time.perf_counter()
    # `train_nlu` runs an event loop of its own.
    model = await asyncio.to_thread(train_nlu, str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
    train_seconds = time.perf_counter() - started
    if model is None:
        raise RuntimeError("Rasa trained no model")
    agent = Agent.load(model)
    await agent.parse_message("warm up")
    guesses, cpu = [], 0.0
    for number, text in enumerate(test.texts):
        before = time.process_time()
        parsed: dict[str, Any] = await agent.parse_message(text)
        if number < TIMED_MESSAGES:
            cpu += time.process_time() - before
        guesses.append(_guess(parsed, labels))
    return Measured(guesses, _THRESHOLD, train_seconds, cpu * 1000 / min(TIMED_MESSAGES, len(test.texts)))


def pipeline(lang: str) -> dict[str, Any]:
    """Rasa's configuration."""
    tokenizer = "JiebaTokenizer" if lang == "zh" else "WhitespaceTokenizer"
    return {
        "recipe": "default.v1",
        "assistant_id": "peer",
        "language": lang,
        "pipeline": [
            {"name": tokenizer},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", "epochs": 100, "constrain_similarities": True},
            {"name": "FallbackClassifier", "threshold": _THRESHOLD, "ambiguity_threshold": 0.1},
        ],
    }


def nlu_file(train: Rows, names: dict[str, str]) -> str:
    """The rows as Rasa reads them; brackets that would be entities are made round."""
    plain = str.maketrans("[]{}\r", "()() ")
    blocks = []
    for label, name in names.items():
        texts = [t.translate(plain).strip() for t, own in zip(train.texts, train.labels, strict=True) if own == label]
        blocks.append({"intent": name, "examples": "".join(f"- {text}\n" for text in dict.fromkeys(texts))})
    return yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True)


def _guess(parsed: dict[str, Any], labels: dict[str, str]) -> Guess:
    """The best in-scope label; refused (-1) where the fallback or an out-of-scope label came first."""
    ranking = [
        (labels[rank["name"]], rank["confidence"]) for rank in parsed["intent_ranking"] if rank["name"] in labels
    ]
    top = labels.get(parsed["intent"]["name"])
    label, confidence = next((pair for pair in ranking if pair[0] not in OUT_OF_SCOPE), ("out_of_scope", -1.0))
    return Guess(label, float(confidence) if top == label else -1.0)
