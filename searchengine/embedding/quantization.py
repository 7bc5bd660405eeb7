"""An ONNX graph to one that multiplies in 8 bits: static quantisation of every product with a matrix of weights.

Weights become int8 with a scale for each output channel; what is multiplied with them becomes uint8, in a range that
was measured on real inputs, so that a vector depends neither on its batch nor on the number of threads. Sums come back
as float32: attention, softmax, layer norms, activations and residuals stay as they are. (`MatMulIntegerToFloat` of ONNX
Runtime takes the bias, too, and nothing is rounded on the way out.)

A few channels of a transformer are hundreds of times larger than the others, and would leave those two or three levels
out of 256. Their size is moved into the weights (Xiao et al., "SmoothQuant", 2022), by as much as the measured ranges
say is best: within the layer norm before the product, where that costs nothing, else by a multiplication of its own.

Whether the outcome is good enough, and faster, is judged elsewhere (`fidelity.py`, `adaptive.py`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from searchengine.embedding.onnx_runtime import load_session
from searchengine.embedding.patch_embedding import find_patch_embedding

STRENGTHS = (0.25, 0.5, 0.75)
"""How much of the channels' inequality may be moved into the weights."""
WORTH_A_MULTIPLICATION = 0.25
"""The share of the noise that smoothing must leave at most, where it isn't free."""
LEAST = 1e-12
"""Stands for zero where it would be divided by."""
MIDDLE = 128
"""The zero point of pixels."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Channels:
    """What went into a product, channel by channel, each float32 (channels,)."""

    low: Floats  # 0 or less
    high: Floats  # 0 or more
    power: Floats  # mean square


def quantise(source: Path, target: Path, inputs: Iterable[NDArray[Any]]) -> int:
    """Write the graph `source`, which has one input, in 8 bits to `target`, with the ranges that come up for `inputs`.

    Returns how many products are in 8 bits; 0 where there are none to be had, and nothing is written. The folder of
    `target` needs room for a copy of `source` with its weights.
    """
    if not _products(onnx.load(source, load_external_data=False).graph):
        return 0
    channels = _observe(source, inputs, target.parent)
    model = onnx.load(source)
    products = _products(model.graph)
    rewriting = _Rewriting(model.graph)
    for name, nodes in products.items():
        rewriting.quantise(nodes, channels[name])
    patches = rewriting.quantise_patches()
    rewriting.finish()
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    # Beside the graph, from where the runtime maps them: inside it they would be read, and copied.
    onnx.save(model, target, save_as_external_data=True, location=f"{target.name}.data")
    for weights in target.parent.glob(f"{target.name}.data"):  # small graphs have none
        weights.chmod(target.stat().st_mode)  # not for its maker's eyes alone
    return sum(map(len, products.values())) + patches


def _products(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """The products with a matrix of weights, by the value that is multiplied."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    found: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is not None and len(weight.dims) == 2 and weight.data_type == onnx.TensorProto.FLOAT:
            found.setdefault(node.input[0], []).append(node)
    return found


def _observe(source: Path, inputs: Iterable[NDArray[Any]], folder: Path) -> dict[str, Channels]:
    """Run a graph on `inputs` and see what is multiplied. The weights are in memory only as the runtime has them."""
    watching = onnx.load(source, load_external_data=False)
    graph, names = watching.graph, list(_products(watching.graph))
    outputs = _watch(graph)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for tensor in graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location" and not (beside := Path(place, entry.value)).exists():
                    shutil.copyfile(source.parent / entry.value, beside)
        onnx.save(watching, Path(place, source.name))
        session = load_session(Path(place, source.name))
        name = session.get_inputs()[0].name
        runs = [session.run(outputs, {name: each}) for each in inputs]
        del session
    lows, highs, powers = ([np.stack(each) for each in list(zip(*runs, strict=True))[at::3]] for at in range(3))
    return {
        name: Channels(np.minimum(low.min(0), 0), np.maximum(high.max(0), 0), power.mean(0))
        for name, low, high, power in zip(names, lows, highs, powers, strict=True)
    }


def _watch(graph: onnx.GraphProto) -> list[str]:
    """Let a graph tell, of each value that is multiplied, the least, the greatest and the mean square of each channel.

    Returns the outputs that were added, three for each value, in the order of `_products`.
    """
    weights = {tensor.name: tensor for tensor in graph.initializer}
    rows = numpy_helper.from_array(np.array([0], np.int64), "watch/rows")
    graph.initializer.append(rows)
    outputs: list[str] = []
    for name, nodes in _products(graph).items():
        flat, square = f"watch/{name}", f"watch/{name}/square"
        shape = numpy_helper.from_array(np.array([-1, weights[nodes[0].input[1]].dims[0]], np.int64), f"{flat}/shape")
        graph.initializer.append(shape)
        graph.node.append(helper.make_node("Reshape", [name, shape.name], [flat]))  # (rows, channels)
        graph.node.append(helper.make_node("Mul", [flat, flat], [square]))
        for how, value in (("ReduceMin", flat), ("ReduceMax", flat), ("ReduceMean", square)):
            output = f"{flat}/{how}"
            graph.node.append(helper.make_node(how, [value, rows.name], [output], keepdims=0))
            graph.output.append(helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None))
            outputs.append(output)
    return outputs


class _Rewriting:
    """A graph, and what stands in the place of its nodes."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {output: node for node in graph.node for output in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in set(node.input):
                self._users.setdefault(name, []).append(node)
        self._instead: dict[int, list[onnx.NodeProto]] = {}  # by the id of the node

    def quantise(self, nodes: list[onnx.NodeProto], channels: Channels) -> None:
        """Let the products of one value be computed in 8 bits."""
        value = nodes[0].input[0]
        weights = [numpy_helper.to_array(self._tensors[node.input[1]]) for node in nodes]  # (channels, outputs) each
        norm = self._norm_before(value, nodes)
        divisor = smoothing(channels, np.concatenate(weights, axis=1), free=norm is not None)
        before: list[onnx.NodeProto] = []
        smoothed = value
        if divisor is not None and norm is not None:
            for at in range(1, len(norm.input)):
                norm.input[at] = self._add(numpy_helper.to_array(self._tensors[norm.input[at]]) / divisor)
        elif divisor is not None:
            smoothed = f"{value}/smoothed"
            before.append(helper.make_node("Mul", [value, self._add(1 / divisor)], [smoothed]))
        if divisor is None:
            divisor = np.ones_like(channels.low)
        low, high = float((channels.low / divisor).min()), float((channels.high / divisor).max())
        step = max((high - low) / 255, LEAST)
        scale, zero = self._add(np.float32(step)), self._add(np.uint8(np.clip(round(-low / step), 0, 255)))
        before.append(helper.make_node("QuantizeLinear", [smoothed, scale, zero], [f"{value}/uint8"]))
        for node, weight in zip(nodes, weights, strict=True):
            bias, output = self._bias_after(node)
            product = self._product(f"{value}/uint8", scale, zero, weight * divisor[:, None], bias, output)
            self._instead[id(node)] = [*before, product]
            before = []

    def quantise_patches(self) -> int:
        """Let the pixels of each patch be multiplied as they come, normalisation and all. Returns how many products."""
        patches = find_patch_embedding(self._graph)
        if patches is None:
            return 0
        (output,) = patches.node.output
        scale, zero = self._add(np.float32(1)), self._add(np.uint8(MIDDLE))
        bias = self._add((patches.bias + MIDDLE * patches.weight.sum(0)).astype(np.float32))
        shapes = [self._add(np.array(shape, np.int64)) for shape in patches.shapes]
        self._instead[id(patches.node)] = [
            helper.make_node("Reshape", [patches.pixels, shapes[0]], [f"{output}/rows"]),
            helper.make_node("Transpose", [f"{output}/rows"], [f"{output}/blocks"], perm=[0, 1, 3, 2, 4]),
            helper.make_node("Reshape", [f"{output}/blocks", shapes[1]], [f"{output}/uint8"]),
            self._product(f"{output}/uint8", scale, zero, patches.weight, bias, f"{output}/patches"),
            helper.make_node("Transpose", [f"{output}/patches"], [f"{output}/channels"], perm=[0, 2, 1]),
            helper.make_node("Reshape", [f"{output}/channels", shapes[2]], [output]),
        ]
        return 1

    def finish(self) -> None:
        """Put everything in its place, and leave out what nobody needs any more."""
        nodes = [new for node in self._graph.node for new in self._instead.get(id(node), [node])]
        wanted = {output.name for output in self._graph.output}
        kept: list[onnx.NodeProto] = []
        for node in reversed(nodes):
            if wanted & set(node.output):
                wanted |= set(node.input)
                kept.append(node)
        tensors = [tensor for name, tensor in self._tensors.items() if name in wanted]
        for field, values in (("node", kept[::-1]), ("initializer", tensors), ("value_info", [])):
            self._graph.ClearField(field)
            getattr(self._graph, field).extend(values)

    def _product(self, value: str, scale: str, zero: str, weight: Floats, bias: str, output: str) -> onnx.NodeProto:
        """`value`, uint8, times `weight`, float32 (channels, outputs), in 8 bits; the output is float32."""
        steps = np.maximum(np.abs(weight).max(0) / 127, LEAST).astype(np.float32)
        small, steps_name = self._add(np.rint(weight / steps).astype(np.int8)), self._add(steps)
        inputs = [value, small, scale, steps_name, zero, "", bias]
        return helper.make_node("MatMulIntegerToFloat", inputs, [output], domain="com.microsoft")

    def _norm_before(self, value: str, nodes: list[onnx.NodeProto]) -> onnx.NodeProto | None:
        """The layer norm that makes a value for these nodes alone."""
        norm = self._makers.get(value)
        alone = len(self._users[value]) == len(nodes) and value not in {output.name for output in self._graph.output}
        if norm is None or norm.op_type != "LayerNormalization" or not alone:
            return None
        return norm if all(name in self._tensors for name in norm.input[1:]) else None

    def _bias_after(self, node: onnx.NodeProto) -> tuple[str, str]:
        """The bias that is added to a product and the sum's name; none, and its own name, where it goes elsewhere."""
        (output,) = node.output
        users = self._users.get(output, [])
        if len(users) == 1 and users[0].op_type == "Add":
            other = next((name for name in users[0].input if name != output), "")
            if other in self._tensors and len(self._tensors[other].dims) == 1:
                self._instead[id(users[0])] = []
                return other, users[0].output[0]
        return "", output

    def _add(self, array: NDArray[Any] | np.generic) -> str:
        """Keep a constant; returns its name."""
        name = f"int8/{len(self._tensors)}"
        self._tensors[name] = numpy_helper.from_array(np.asarray(array), name)
        return name


def smoothing(channels: Channels, weight: Floats, *, free: bool) -> Floats | None:
    """What to divide the channels by, and multiply the rows of `weight`, float32 (channels, outputs), with.

    float32 (channels,); None where that wouldn't help, or where it isn't `free` and wouldn't help much.
    """
    reach = np.maximum(np.maximum(-channels.low, channels.high), LEAST)
    rows = np.maximum(np.abs(weight).max(1), LEAST)
    tried = [np.ones_like(reach), *((reach**strength / rows ** (1 - strength)) for strength in STRENGTHS)]
    tried = [divisor / np.exp(np.log(divisor).mean()) for divisor in tried]
    noises = [_noise(channels, weight, divisor) for divisor in tried]
    best = int(np.argmin(noises))
    enough = noises[best] < noises[0] * (1 if free else WORTH_A_MULTIPLICATION)
    return tried[best].astype(np.float32) if enough else None


def _noise(channels: Channels, weight: Floats, divisor: Floats) -> float:
    """The mean square error that rounding brings into the products, but for a factor: from the values, and from the
    weights."""
    wide = weight * divisor[:, None]
    step = (channels.high / divisor).max() - (channels.low / divisor).min()
    steps = 2 * np.abs(wide).max(0)
    return float(step**2 * np.square(wide).sum() + np.square(steps).sum() * (channels.power / divisor**2).sum())
