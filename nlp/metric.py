"""Maps that were learned elsewhere, before vectors are compared: x + x·left·right for each encoder (`faq.metric` learns them)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlp.encoders import Encoder, Matrix, WrappedEncoder, meaning

log = logging.getLogger(__name__)
# Learned from what customers of a shop ask: the bot's training lines and the shipped entries.
INTENTS_FILE = Path(__file__).parent / "data" / "metric.npz"


class MappedEncoder(WrappedEncoder):
    """Another encoder whose parts are mapped: x + x·left·right. Lengths are no longer 1, which the index makes them again."""

    def __init__(self, encoder: Encoder, maps: Sequence[tuple[Matrix, Matrix]], version: str) -> None:
        super().__init__(encoder)
        self._maps, self._version = tuple(maps), version

    @property
    def name(self) -> str:
        return f"{self._encoder.name}~{self._version}"

    def encode(self, texts: Sequence[str]) -> Matrix:
        parts = np.split(self._encoder.encode(texts), np.cumsum(self.widths)[:-1], axis=1)
        moved = [part + part @ left @ right for part, (left, right) in zip(parts, self._maps, strict=True)]
        return np.asarray(np.hstack(moved), np.float32)


def mapped(encoder: Encoder, path: Path) -> Encoder:
    """The encoder with the maps of the file; as it is, if the file has none for one of its parts."""
    known, version = maps(path)
    names = part_names(encoder)
    if len(names) != len(encoder.widths) or not all(name in known for name in names):
        log.info("no map was learned for the vectors of %s", encoder.name)
        return encoder
    return MappedEncoder(encoder, [known[name] for name in names], version)


def told_apart(whole: Encoder) -> Encoder:
    """What intents are learned from and told by: the meaning that `whole` sees (`nlp.encoders.meaning`), under INTENTS_FILE's maps."""
    return mapped(meaning(whole), INTENTS_FILE)


def part_names(encoder: Encoder) -> list[str]:
    """One for each part of its vectors, where each encoder in it gives one."""
    return encoder.name.partition("[")[0].split("+")


@lru_cache(maxsize=4)
def maps(path: Path) -> tuple[dict[str, tuple[Matrix, Matrix]], str]:
    """The halves of each map by the name of its encoder, and what names this version of the file."""
    with np.load(path, allow_pickle=False) as saved:
        arrays = {key: saved[key].astype(np.float32) for key in saved.files}
    names = {key.rpartition(" ")[0] for key in arrays}
    found = {name: (arrays[f"{name} left"], arrays[f"{name} right"]) for name in names}
    return found, hashlib.sha256(path.read_bytes()).hexdigest()[:8]
