"""Rasa imports TensorFlow whether a component uses it or not. Of a bot that has no such component a third of the memory and two
seconds of each start are TensorFlow's: it is given empty stand-ins instead (docs/decisions/without-tensorflow.md).
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

_LEFT_OUT = frozenset({"tensorflow", "keras"})
# Of Rasa's own components those that this project has use for; any other name may mean TensorFlow.
_PLAIN = frozenset({"RulePolicy", "MemoizationPolicy", "AugmentedMemoizationPolicy"})


def is_needed(config: dict[str, Any]) -> bool:
    """Whether a component of a Rasa configuration may use TensorFlow. Where none is named Rasa chooses, among them such ones."""
    if not config.get("pipeline") or not config.get("policies"):
        return True
    names = [part["name"] for part in (*config["pipeline"], *config["policies"])]
    return not all(name in _PLAIN or name.startswith("bot.") for name in names)


def leave_out() -> None:
    """Let this process import stand-ins from now on: anything can be taken from them and derived from, nothing called (TypeError)."""
    sys.meta_path.insert(0, _Finder())
    from rasa.utils.tensorflow import environment

    vars(environment)["setup_tf_environment"] = lambda: None  # the only call that Rasa makes in any case


class _Absent(type):
    """A class whose attributes are such classes."""

    def __getattr__(cls, name: str) -> _Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(name, (), {"__module__": f"{cls.__module__}.{cls.__qualname__}"})

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__} is wanted, but TensorFlow was left out, as config.yml names no component that uses "
            "it: start `python -m rasa` instead of `python -m bot`, or train a model with the config.yml of now"
        )


class _Module(ModuleType):
    def __getattr__(self, name: str) -> _Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(name, (), {"__module__": self.__name__})


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] in _LEFT_OUT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""
