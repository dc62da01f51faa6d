"""Numbers, codes and words of choice in a message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.sources import fingerprint
from nlp.entities import EntityExtractor
from nlp.locale import detect


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class RuleEntityExtractor(GraphComponent, EntityExtractorMixin):
    """`nlp.entities.EntityExtractor`. Offsets refer to the normalised text."""

    def __init__(self) -> None:
        self._extractor = EntityExtractor()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RuleEntityExtractor:
        return cls()

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy", "jieba"]

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str:
        return fingerprint()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = str(message.get(TEXT) or "")
            found = [entity.as_dict() for entity in self._extractor.extract(text, detect(text))]
            entities = message.get(ENTITIES, []) + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
