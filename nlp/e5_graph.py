"""The network of multilingual-e5-small as an ONNX graph around weights of 4 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

Matrix = npt.NDArray[np.float32]
Blocks = npt.NDArray[np.void]
# 32 weights: their scale, then two to a byte, the first 16 in the low halves and the others in the high ones, each with 8 added.
BLOCK = np.dtype([("scale", "<f2"), ("low_high", "u1", 16)])
# Of the 12 layers. The last ones were made to tell what a text is about and forget how it is said, from which moods are told.
INNER = 10
_OWN = "com.microsoft"  # onnxruntime's operators beside those of the standard
# Activations are multiplied in 8 bits, each block of 32 with a scale of its own: half the time of single precision, and a vector
# keeps a cosine of 0.9999 to that. A text's vector does not depend on those it is computed with.
_IN_8_BITS = 4


def unpacked(blocks: Blocks) -> Matrix:
    """float32 [n, 32 m] from blocks [n, m]."""
    halves = _numbers(blocks).astype(np.float32) - 8
    return np.asarray((halves * blocks["scale"][..., None].astype(np.float32)).reshape(len(blocks), -1), np.float32)


def graph(
    packed: Mapping[str, Blocks], plain: Mapping[str, Matrix], dim: int, layers: int, heads: int, epsilon: float
) -> bytes:
    """A model from `tokens` float32 [n, length, dim], sums of word, position and type, to float32 [n, dim] twice: the means of the
    last layer's tokens, `last`, and of those after layer INNER, `inner`. Texts of one call have the same length: nothing is masked."""
    net = _Net(packed, plain, dim, epsilon)
    axes = net.keep("axes", np.array([1]))
    rows = net.normal("tokens", "emb.ln")
    for layer in range(layers):
        name = f"l{layer}."
        parts = [net.dense(rows, f"{name}{part}.w", f"{name}{part}.b", dim) for part in "qkv"]
        seen = net.add("MultiHeadAttention", parts, domain=_OWN, num_heads=heads)
        mixed = net.dense(seen, name + "ao.w", name + "ao.b", dim)
        rows = net.normal(net.add("Add", [rows, mixed]), name + "aln")
        inner = net.add("Gelu", [net.dense(rows, name + "fi.w", name + "fi.b", dim)], domain=_OWN)
        rows = net.normal(net.add("Add", [rows, net.dense(inner, name + "fo.w", name + "fo.b", 4 * dim)]), name + "oln")
        if layer + 1 in (INNER, layers):
            net.add("ReduceMean", [rows, axes], out="last" if layer + 1 == layers else "inner", keepdims=0)
    shaped = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["n", "length", dim])
    means = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", dim]) for name in ("last", "inner")]
    versions = [helper.make_opsetid("", 18), helper.make_opsetid(_OWN, 1)]
    whole = helper.make_graph(net.nodes, "e5", [shaped], means, net.kept)
    return bytes(helper.make_model(whole, opset_imports=versions, ir_version=9).SerializeToString())


class _Net:
    """Nodes and numbers of a graph as it grows."""

    def __init__(self, packed: Mapping[str, Blocks], plain: Mapping[str, Matrix], dim: int, epsilon: float) -> None:
        self._packed, self._plain, self._dim, self._epsilon = packed, plain, dim, epsilon
        self.nodes: list[NodeProto] = []
        self.kept: list[TensorProto] = []

    def keep(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """Make the numbers part of the model."""
        self.kept.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, inputs: list[str], out: str = "", domain: str = "", **attributes: Any) -> str:
        """A node; the name of its output."""
        out = out or f"out{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def normal(self, rows: str, name: str) -> str:
        """Layer normalisation."""
        own = [self.keep(f"{name}.{part}", self._plain[f"{name}.{part}"]) for part in "wb"]
        return self.add("LayerNormalization", [rows, *own], axis=-1, epsilon=self._epsilon)

    def dense(self, rows: str, weights: str, bias: str, width: int) -> str:
        """rows [n, length, width] times weights, plus bias."""
        blocks = self._packed[weights].reshape(-1, width // 32)
        numbers = _numbers(blocks)
        # Neighbours share a byte here.
        pairs = np.asarray(numbers[..., 0::2] | numbers[..., 1::2] << 4, np.uint8)
        own = [
            self.keep(weights, pairs),
            self.keep(weights + ".scales", blocks["scale"].astype(np.float32).ravel()),
        ]
        product = self.add(
            "MatMulNBits",
            [rows, *own],
            domain=_OWN,
            K=width,
            N=len(blocks),
            bits=4,
            block_size=32,
            accuracy_level=_IN_8_BITS,
        )
        return self.add("Add", [product, self.keep(bias, self._plain[bias])])


def _numbers(blocks: Blocks) -> npt.NDArray[np.uint8]:
    """uint8 [..., 32], 0 to 15: the weights of each block as they follow each other."""
    both = blocks["low_high"]
    return np.concatenate([both & 15, both >> 4], axis=-1)
