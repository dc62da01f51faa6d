"""An encoder for tests: no weights, no loading, the same vectors everywhere."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from nlp.encoders import Matrix, unit


class HashingEncoder:
    """Counts characters and pairs of them into 96 places: texts that share them are near. Remembers what it was given."""

    name = "hashing-1"
    dim = 96
    widths = (64, 32)

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Matrix:
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            lowered = text.lower()
            for piece in [*lowered, *(lowered[at : at + 2] for at in range(len(lowered) - 1))]:
                number = zlib.crc32(piece.encode("utf-8", "replace"))
                row[number % 64] += 1
                row[64 + number // 64 % 32] += 1
        return unit(rows)
