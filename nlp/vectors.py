"""Vectors of texts, kept in memory and on disk by text and encoder, so that a text is encoded once in its life."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from nlp.cache import cache_dir
from nlp.e5 import MANY_TEXTS
from nlp.encoders import Encoder, Matrix, WrappedEncoder, encoder

log = logging.getLogger(__name__)
# A search waits for at most this many phrasings when an edit is being indexed (about 0.3 s with both encoders).
BATCH = 16
# Training has nobody waiting: many at once, which the encoders share out over the cores.
TRAINING_BATCH = 512
# 100 MB of half-precision vectors; enough for years of edits to the training texts.
_MOST_KEPT = 50_000
_KEY_BYTES = 16


class VectorCache:
    """text → vector. Vectors are kept in half precision: the ranks of a fresh index and of a loaded one are the same."""

    def __init__(self, encoder: Encoder, folder: Path | None, batch: int = BATCH) -> None:
        self._encoder = encoder
        self._batch = batch
        name = hashlib.sha256(encoder.name.encode()).hexdigest()[:12]
        self._path = folder / f"vectors-{name}.npz" if folder else None
        self._vectors: dict[bytes, npt.NDArray[np.float16]] = {}
        self.fresh = 0
        """How many vectors the file does not have."""

    def load(self) -> int:
        """Read the file, if it is there and whole; the number of vectors. A broken file is left to be replaced."""
        if self._path is None or not self._path.exists():
            return 0
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                keys, vectors = saved["keys"], saved["vectors"]
            if vectors.shape != (len(keys), self._encoder.dim) or keys.shape[1:] != (_KEY_BYTES,):
                raise ValueError("the shapes do not fit")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            log.warning("the vector cache is not readable and will be made anew: %s", error)
            return 0
        self._vectors = {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
        return len(self._vectors)

    def get(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Matrix:
        """float32 [n, dim]; what is not known is encoded in batches, small ones if it is little, `progress` told (done, of) after each."""
        keys = [_key(text) for text in texts]
        missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}.items())
        batch = self._batch if len(missing) < MANY_TEXTS else max(self._batch, MANY_TEXTS)
        for start in range(0, len(missing), batch):
            part = missing[start : start + batch]
            fresh = self._encoder.encode([text for _, text in part]).astype(np.float16)
            self._vectors.update((key, vector) for (key, _), vector in zip(part, fresh, strict=True))
            self.fresh += len(part)
            if progress:
                progress(start + len(part), len(missing))
        if not texts:
            return np.zeros((0, self._encoder.dim), np.float32)
        return np.asarray(np.stack([self._vectors[key] for key in keys]), np.float32)

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget the vectors of all other texts."""
        self._vectors = {key: self._vectors[key] for key in map(_key, texts) if key in self._vectors}

    def save(self) -> None:
        """Write all vectors, of more than _MOST_KEPT the newest. The file is replaced whole: a crash leaves the old one."""
        self._vectors = dict(list(self._vectors.items())[-_MOST_KEPT:])
        if self._path is None or not self.fresh:
            return
        keys = np.frombuffer(b"".join(self._vectors), np.uint8).reshape(-1, _KEY_BYTES)
        vectors = (
            np.stack(list(self._vectors.values())) if self._vectors else np.zeros((0, self._encoder.dim), np.float16)
        )
        fresh = self._path.with_suffix(".tmp.npz")
        try:
            np.savez(fresh, keys=keys, vectors=vectors)
            os.replace(fresh, self._path)
            self.fresh = 0
        except OSError as error:
            log.warning("the vector cache could not be written: %s", error)


class KeptEncoder(WrappedEncoder):
    """Another encoder whose vectors are kept on disk: training again encodes only what is new. In half precision. Threads that
    want the same texts share the work."""

    def __init__(self, encoder: Encoder, folder: Path | None) -> None:
        super().__init__(encoder)
        self._cache = VectorCache(encoder, folder, TRAINING_BATCH)
        self._cache.load()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Matrix:
        for start in range(0, len(texts), TRAINING_BATCH):
            with self._lock:  # a batch at a time; what another thread has encoded meanwhile is there
                self._cache.get(texts[start : start + TRAINING_BATCH])
        with self._lock:
            return self._cache.get(texts)

    def save(self) -> None:
        """Write what was encoded."""
        with self._lock:
            self._cache.save()


@lru_cache(maxsize=2)
def training_encoder(kind: str) -> KeptEncoder:
    """This process's encoder for training (kinds: see `nlp.encoders.encoder`), its vectors under `cache_dir("training")`."""
    return KeptEncoder(encoder(kind), cache_dir("training"))


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_KEY_BYTES]
