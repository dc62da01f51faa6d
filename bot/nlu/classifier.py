"""The intent of a message, or `nlu_fallback` when it is about nothing we know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as FALLBACK
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.normaliser import GUARD
from bot.nlu.trained import TrainedComponent
from handoff.domain.human_request import wants_no_human, without_refusal
from nlp.classifier import Prediction, TextClassifier
from nlp.encoders import Encoder
from nlp.metric import told_apart
from nlp.negation import without_denied

INTENT_RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(TrainedComponent[TextClassifier]):
    """`nlp.classifier.TextClassifier` over `intent_examples`. Sets `intent` and `intent_ranking`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold`: below this confidence the intent is `nlu_fallback`; `encoder`: see `nlp.encoders`."""
        return {"ranking_length": 4, "threshold": 0.42, "encoder": "full"}

    @staticmethod
    def read(directory: Path, encoder: Encoder) -> TextClassifier:
        return TextClassifier.load(directory, told_apart(encoder))

    def train(self, training_data: TrainingData) -> Resource:
        rows = [(str(m.get(TEXT) or ""), str(m.get(INTENT))) for m in training_data.intent_examples if m.get(TEXT)]
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        return self.learn(lambda encoder: TextClassifier.fit(texts, labels, told_apart(encoder)))

    def process(self, messages: list[Message]) -> list[Message]:
        texts = [str(message.get(TEXT) or "").lstrip(GUARD) for message in messages]
        for message, text, prediction in zip(messages, texts, self._understood(texts), strict=True):
            self._put(message, text, prediction)
        return messages

    def _understood(self, texts: list[str]) -> list[Prediction]:
        """What is asked, whatever is said not to be: by the words behind a denial where they are the plainer ones."""
        asked = [without_refusal(text) for text in texts]
        found = self.model.predict_many(asked)
        for place, text in enumerate(asked):
            if (rest := without_denied(text)) != text:
                behind = self.model.predict(rest)
                if behind.known and behind.confidence > found[place].confidence:
                    found[place] = behind
        return found

    def _put(self, message: Message, text: str, prediction: Prediction) -> None:
        # "No human, just tell me …" looks like a request for one to whoever compares it with requests.
        left = "request_human" if wants_no_human(text) else None
        scores = [(name, score) for name, score in prediction.ranking if name != left]
        ranking = [{"name": name, "confidence": round(score, 4)} for name, score in scores]
        name, confidence = scores[0]
        top = ranking[0]
        refused = not prediction.known and name != "out_of_scope"
        unsure = confidence < float(self.config["threshold"])
        if not any(char.isalnum() for char in text) or refused or unsure:
            # Nothing said, or nothing we know; the true ranking stays for the people who read along.
            top = {"name": FALLBACK, "confidence": round(1 - confidence, 4)}
        message.set(INTENT, top, add_to_output=True)
        message.set(INTENT_RANKING, ranking[: int(self.config["ranking_length"])], add_to_output=True)
