"""How the customer feels, put on the message as `mood`: `{label, anger}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.normaliser import GUARD
from bot.nlu.trained import TrainedComponent
from nlp.encoders import Encoder
from nlp.mood import Mood, read_examples, with_calm

MOOD = "mood"
# Intents whose examples are not all calm.
_UPSET = frozenset({"complain", "request_human", "negative_feedback"})


# Rasa knows no kind "mood"; what an entity extractor adds to a message is kept, and that is all we need.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MoodMeter(TrainedComponent[Mood]):
    """`nlp.mood.Mood`, trained on nlp/data/mood.tsv, with what the bot's intents say as calm talk."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`encoder`: see `nlp.encoders`; the same as the classifier's costs nothing more."""
        return {"encoder": "full"}

    @staticmethod
    def read(directory: Path, encoder: Encoder) -> Mood:
        return Mood.load(directory, encoder)

    def train(self, training_data: TrainingData) -> Resource:
        calm = [str(m.get(TEXT)) for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT) not in _UPSET]
        texts, labels = with_calm(*read_examples(), calm)
        return self.learn(lambda encoder: Mood.fit(texts, labels, encoder))

    def process(self, messages: list[Message]) -> list[Message]:
        feelings = self.model.score_many([str(message.get(TEXT) or "").lstrip(GUARD) for message in messages])
        for message, feeling in zip(messages, feelings, strict=True):
            message.set(MOOD, dict(feeling), add_to_output=True)
        return messages
