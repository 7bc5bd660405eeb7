"""PyTorch towers to small ONNX graphs: exported in float32, then their weights stored in 8 bits.

Only the weights are 8 bits, each with a scale per output channel; they are expanded when a session is made, and
everything is computed in float32. So a vector does not depend on what else is in its batch, as it would with
activations quantised on the fly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from searchengine.embedding.export import quiet_exporter

LEAST = 4096
"""Numbers in a tensor below which 8 bits save nothing worth having."""


def export_tower(tower: nn.Module, example: Mapping[str, Tensor], free: Sequence[str], path: Path) -> None:
    """Write `tower` as an ONNX graph with 8-bit weights. The arguments are those of `export_graph`."""
    export_graph(tower, example, free, path)
    model = onnx.load(path)
    _compress(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def export_graph(module: nn.Module, example: Mapping[str, Tensor], free: Sequence[str], path: Path) -> None:
    """Write `module` as an ONNX graph with float32 weights inside and one output, `embeddings`.

    `example` holds an input for each name, with two or more rows; the first axes, as many as `free` names ("n", then
    perhaps "t"), may have any length in the finished graph.
    """
    axes = {name: {axis: torch.export.Dim(free[axis]) for axis in range(len(free))} for name in example}
    with quiet_exporter():
        program = torch.onnx.export(
            module.eval(), kwargs=dict(example), dynamo=True, dynamic_shapes=axes, verbose=False,
            input_names=list(example), output_names=["embeddings"],
        )  # fmt: skip
    if program is None:
        raise RuntimeError("the exporter gave no graph")
    onnx.save(program.model_proto, path)


def _compress(graph: onnx.GraphProto) -> None:
    """Store every large weight of the graph as int8 with a float32 scale a channel, expanded where it is used."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        del node.metadata_props[:]  # where each node stood in somebody's source code
        axis = _channel_axis(node)
        name = next((name for name in node.input if name in weights), None)
        if axis is None or name is None or not _worth_it(weights[name]):
            nodes.append(node)
            continue
        small, scale = quantise(numpy_helper.to_array(weights[name]).astype(np.float32), axis)
        stored = (f"{node.name}.int8", f"{node.name}.scale")
        graph.initializer.append(numpy_helper.from_array(small, stored[0]))
        graph.initializer.append(numpy_helper.from_array(scale, stored[1]))
        nodes += _gathered(node, *stored) if node.op_type == "Gather" else _expanded(node, name, *stored)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _expanded(node: onnx.NodeProto, name: str, small: str, scale: str) -> list[onnx.NodeProto]:
    """The nodes in the place of one that multiplies by a weight; the runtime folds the first two as it loads."""
    wide, weight = f"{node.name}.wide", f"{node.name}.weight"
    inputs = [weight if one == name else one for one in node.input]
    del node.input[:]
    node.input.extend(inputs)
    return [
        helper.make_node("Cast", [small], [wide], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [wide, scale], [weight]),
        node,
    ]


def _gathered(node: onnx.NodeProto, small: str, scale: str) -> list[onnx.NodeProto]:
    """The nodes in the place of one that looks rows up in a table: only the rows that are wanted are expanded."""
    rows, wide, scales = f"{node.name}.rows", f"{node.name}.wide", f"{node.name}.scales"
    return [
        helper.make_node("Gather", [small, node.input[1]], [rows], axis=0),
        helper.make_node("Cast", [rows], [wide], to=onnx.TensorProto.FLOAT),
        helper.make_node("Gather", [scale, node.input[1]], [scales], axis=0),
        helper.make_node("Mul", [wide, scales], list(node.output)),
    ]


def _worth_it(weight: onnx.TensorProto) -> bool:
    return weight.data_type == onnx.TensorProto.FLOAT and math.prod(weight.dims) >= LEAST


def quantise(weight: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A weight as int8 of its shape, and a float32 scale that broadcasts: weight ≈ int8 × scale.

    `axis` is the one of the output channels; each has its own scale, so that its largest number becomes ±127.
    """
    others = tuple(other for other in range(weight.ndim) if other != axis % weight.ndim)
    scale = np.abs(weight).max(axis=others, keepdims=True) / np.float32(127)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _channel_axis(node: onnx.NodeProto) -> int | None:
    """The axis of the weight's output channels, for the operators that take large weights."""
    if node.op_type == "Gemm":
        return 0 if any(attribute.name == "transB" and attribute.i for attribute in node.attribute) else 1
    return {"Conv": 0, "MatMul": -1, "Gather": 0}.get(node.op_type)
