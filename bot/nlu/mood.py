"""How the customer feels, put on the message as `mood`: `{label, anger}`."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.normaliser import GUARD
from bot.nlu.sources import fingerprint
from nlp.encoders import shared_encoder
from nlp.mood import Mood, read_examples, with_calm
from nlp.vectors import training_encoder

MOOD = "mood"
# Intents whose examples are not all calm.
_UPSET = frozenset({"complain", "request_human", "negative_feedback"})


# Rasa knows no kind "mood"; what an entity extractor adds to a message is kept, and that is all we need.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MoodMeter(GraphComponent):
    """`nlp.mood.Mood`, trained on nlp/data/mood.tsv, with what the bot's intents say as calm talk."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, mood: Mood | None = None
    ) -> None:
        self._encoder = str(config["encoder"])
        self._model_storage = model_storage
        self._resource = resource
        self._mood = mood

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`encoder`: see `nlp.encoders`; the same as the classifier's costs nothing more."""
        return {"encoder": "full"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MoodMeter:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MoodMeter:
        with model_storage.read_from(resource) as directory:
            mood = Mood.load(directory, shared_encoder(str(config["encoder"])))
        return cls(config, model_storage, resource, mood)

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str:
        return fingerprint()

    def train(self, training_data: TrainingData) -> Resource:
        calm = [str(m.get(TEXT)) for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT) not in _UPSET]
        encoder = training_encoder(self._encoder)
        self._mood = Mood.fit(*with_calm(*read_examples(), calm), encoder)
        encoder.save()
        with self._model_storage.write_to(self._resource) as directory:
            self._mood.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self._mood is None:
            raise RuntimeError("the mood meter was neither trained nor loaded")
        feelings = self._mood.score_many([str(message.get(TEXT) or "").lstrip(GUARD) for message in messages])
        for message, feeling in zip(messages, feelings, strict=True):
            message.set(MOOD, dict(feeling), add_to_output=True)
        return messages
