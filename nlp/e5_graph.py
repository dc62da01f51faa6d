"""The network of multilingual-e5-small as an ONNX graph of products in 8 bits."""

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
REVISION = 2  # raised when vectors change
_OWN = "com.microsoft"  # onnxruntime's operators beside those of the standard
# Activations are rounded to 8 bits, each token's by a scale of its own, so that a text's vector does not depend on those it is computed
# with. Weights get 7, a scale for each column: two products of both fit the 16 bits in which older processors add them.
_MIDDLE, _MOST, _MOST_WEIGHT = 128, 127, 63
# Dimensions that are up to thirty times as large as the others wherever a layer begins, and would leave these few of the 8 bits: they are
# divided by so much, and their weights multiplied. Measured on the bot's training lines; it halves what rounding changes.
_LOUD = {15: 4, 35: 4, 321: 2, 351: 2}


def unpacked(blocks: Blocks) -> Matrix:
    """float32 [n, 32 m] from blocks [n, m]."""
    both = blocks["low_high"]
    halves = np.concatenate([both & 15, both >> 4], axis=-1).astype(np.float32) - 8
    return np.asarray((halves * blocks["scale"][..., None].astype(np.float32)).reshape(len(blocks), -1), np.float32)


def graph(
    packed: Mapping[str, Blocks], plain: Mapping[str, Matrix], dim: int, layers: int, heads: int, epsilon: float
) -> bytes:
    """A model from `tokens` float32 [n, length, dim], sums of word, position and type, to float32 [n, dim] twice: the means of the
    last layer's tokens, `last`, and of those after layer INNER, `inner`. Texts of one call have the same length: nothing is masked."""
    net = _Net(packed, plain, dim, epsilon)
    shape = net.add("Shape", ["tokens"])
    flat = net.keep("flat", np.array([-1, dim]))
    rows = net.normal(net.add("Reshape", ["tokens", flat]), "emb.ln")
    for layer in range(layers):
        name = f"l{layer}."
        parts = net.split(net.dense(rows, name + "q", name + "k", name + "v", loud=True), 3)
        texts = [net.add("Reshape", [part, shape]) for part in parts]
        seen = net.add("MultiHeadAttention", texts, domain=_OWN, num_heads=heads)
        mixed = net.dense(net.add("Reshape", [seen, flat]), name + "ao")
        rows = net.normal(net.add("Add", [rows, mixed]), name + "aln")
        inner = net.add("Gelu", [net.dense(rows, name + "fi", loud=True)], domain=_OWN)
        rows = net.normal(net.add("Add", [rows, net.dense(inner, name + "fo")]), name + "oln")
        if layer + 1 in (INNER, layers):
            out = "last" if layer + 1 == layers else "inner"
            net.add(
                "ReduceMean",
                [net.add("Reshape", [rows, shape]), net.keep(out + ".axes", np.array([1]))],
                out,
                keepdims=0,
            )
    shaped = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["n", "length", dim])
    means = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", dim]) for name in ("last", "inner")]
    versions = [helper.make_opsetid("", 18), helper.make_opsetid(_OWN, 1)]
    whole = helper.make_graph(net.nodes, "e5", [shaped], means, net.kept)
    return bytes(helper.make_model(whole, opset_imports=versions, ir_version=9).SerializeToString())


class _Net:
    """Nodes and numbers of a graph as it grows."""

    def __init__(self, packed: Mapping[str, Blocks], plain: Mapping[str, Matrix], dim: int, epsilon: float) -> None:
        self._packed, self._plain, self._epsilon = packed, plain, epsilon
        self.nodes: list[NodeProto] = []
        self.kept: list[TensorProto] = []
        self._loud = np.ones(dim, np.float32)
        self._loud[list(_LOUD)] = list(_LOUD.values())
        self._quieter = self.keep("quieter", 1 / self._loud)
        self._last = self.keep("last axis", np.array([-1]))
        self._step = self.keep("step", np.float32(1 / _MOST))
        self._least = self.keep("least", np.float32(1e-9))
        self._one = self.keep("one", np.float32(1))
        self._middle = self.keep("middle", np.uint8(_MIDDLE))

    def keep(self, name: str, values: npt.NDArray[np.generic] | np.generic) -> str:
        """Make the numbers part of the model."""
        self.kept.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def add(self, kind: str, inputs: list[str], out: str = "", domain: str = "", **attributes: Any) -> str:
        """A node; the name of its output."""
        out = out or f"out{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def split(self, rows: str, count: int) -> list[str]:
        """rows [n, count · width] as `count` of [n, width]."""
        outs = [f"{rows}.{number}" for number in range(count)]
        self.nodes.append(helper.make_node("Split", [rows], outs, axis=-1, num_outputs=count))
        return outs

    def normal(self, rows: str, name: str) -> str:
        """Layer normalisation."""
        own = [self.keep(f"{name}.{part}", self._plain[f"{name}.{part}"]) for part in "wb"]
        return self.add("LayerNormalization", [rows, *own], axis=-1, epsilon=self._epsilon)

    def dense(self, rows: str, *names: str, loud: bool = False) -> str:
        """rows [n, width] times the weights of these names side by side, plus bias: [n, all their widths]. `loud`: the rows have the
        dimensions _LOUD."""
        bias = np.concatenate([self._plain[name + ".b"] for name in names])
        weights = unpacked(np.concatenate([self._packed[name + ".w"] for name in names]).reshape(len(bias), -1))
        if loud:
            rows, weights = self.add("Mul", [rows, self._quieter]), weights * self._loud
        scales = np.abs(weights).max(axis=1, keepdims=True) / _MOST_WEIGHT
        rounded = np.rint(weights / np.maximum(scales, 1e-9)).astype(np.int8)
        largest = self.add("ReduceMax", [self.add("Abs", [rows]), self._last], keepdims=0)
        steps = self.add("Max", [self.add("Mul", [largest, self._step]), self._least])
        middle = numpy_helper.from_array(np.array([_MIDDLE], np.uint8))
        middles = self.add("ConstantOfShape", [self.add("Shape", [steps])], value=middle)
        name = names[0]
        product = [
            self.add("QuantizeLinear", [rows, steps, middles], axis=0),
            self.keep(name + ".w", rounded.T),
            self._one,
            self.keep(name + ".scales", scales[:, 0]),
            self._middle,
        ]
        scaled = [self.add("MatMulIntegerToFloat", product, domain=_OWN), self.add("Unsqueeze", [steps, self._last])]
        return self.add("Add", [self.add("Mul", scaled), self.keep(name + ".b", bias)])
