"""What the components that are trained and kept in the model have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

from bot.nlu.sources import fingerprint
from nlp.encoders import Encoder, shared_encoder
from nlp.vectors import training_encoder


class Saved(Protocol):
    """What was learned."""

    def save(self, directory: Path) -> None:
        """Write files into `directory`."""


Model = TypeVar("Model", bound=Saved)
Own = TypeVar("Own", bound="TrainedComponent[Any]")


class TrainedComponent(GraphComponent, Generic[Model]):
    """A component over something that is learned from vectors of `config["encoder"]` (see `nlp.encoders`)."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: Model | None = None
    ) -> None:
        self.config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls: type[Own],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Own:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls: type[Own],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Own:
        with model_storage.read_from(resource) as directory:
            model = cls.read(directory, shared_encoder(str(config["encoder"])))
        return cls(config, model_storage, resource, model)

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str:
        return fingerprint()

    @staticmethod
    @abstractmethod
    def read(directory: Path, encoder: Encoder) -> Any:
        """What `Model.save` wrote."""

    @property
    def model(self) -> Model:
        """What was learned or loaded; RuntimeError before that."""
        if self._model is None:
            raise RuntimeError(f"{type(self).__name__} was neither trained nor loaded")
        return self._model

    def learn(self, fit: Callable[[Encoder], Model]) -> Resource:
        """Keep what `fit` makes of this process's encoder for training, here and in the model's storage."""
        encoder = training_encoder(str(self.config["encoder"]))
        self._model = fit(encoder)
        encoder.save()
        with self._model_storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource
