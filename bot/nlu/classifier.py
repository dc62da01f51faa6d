"""The intent of a message, or `nlu_fallback` when it is about nothing we know."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as FALLBACK
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.normaliser import GUARD
from bot.nlu.sources import fingerprint
from nlp.classifier import Prediction, TextClassifier
from nlp.encoders import shared_encoder
from nlp.vectors import training_encoder

INTENT_RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent):
    """`nlp.classifier.TextClassifier` over `intent_examples`. Sets `intent` and `intent_ranking`."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        classifier: TextClassifier | None = None,
    ) -> None:
        self._ranking_length = int(config["ranking_length"])
        self._threshold = float(config["threshold"])
        self._encoder = str(config["encoder"])
        self._model_storage = model_storage
        self._resource = resource
        self._classifier = classifier

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold`: below this confidence the intent is `nlu_fallback`; `encoder`: see `nlp.encoders`."""
        return {"ranking_length": 4, "threshold": 0.42, "encoder": "full"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentClassifier:
        with model_storage.read_from(resource) as directory:
            classifier = TextClassifier.load(directory, shared_encoder(str(config["encoder"])))
        return cls(config, model_storage, resource, classifier)

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str:
        return fingerprint()

    def train(self, training_data: TrainingData) -> Resource:
        rows = [(str(m.get(TEXT) or ""), str(m.get(INTENT))) for m in training_data.intent_examples if m.get(TEXT)]
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        encoder = training_encoder(self._encoder)
        self._classifier = TextClassifier.fit(texts, labels, encoder)
        encoder.save()
        with self._model_storage.write_to(self._resource) as directory:
            self._classifier.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self._classifier is None:
            raise RuntimeError("the intent classifier was neither trained nor loaded")
        texts = [str(message.get(TEXT) or "").lstrip(GUARD) for message in messages]
        for message, text, prediction in zip(messages, texts, self._classifier.predict_many(texts), strict=True):
            self._put(message, text, prediction)
        return messages

    def _put(self, message: Message, text: str, prediction: Prediction) -> None:
        ranking = [{"name": name, "confidence": round(score, 4)} for name, score in prediction.ranking]
        top = ranking[0]
        refused = not prediction.known and top["name"] != "out_of_scope"
        if not any(char.isalnum() for char in text) or refused or prediction.confidence < self._threshold:
            # Nothing said, or nothing we know; the true ranking stays for the people who read along.
            top = {"name": FALLBACK, "confidence": round(1 - prediction.confidence, 4)}
        message.set(INTENT, top, add_to_output=True)
        message.set(INTENT_RANKING, ranking[: self._ranking_length], add_to_output=True)
