"""The first layer of a vision transformer, found in an ONNX graph: a product of each patch's pixels with one matrix.

It is exported as a convolution of the normalised pixels. As its windows don't overlap, it is a product, and the
normalisation a part of its weights: then the pixels go in as they are, 8 bits each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

NORMALISATION = ("Add", "Mul", "Cast", "Transpose")
"""From the convolution back to the pixels, as `towers.ImageTower` is exported."""


@dataclass(frozen=True, slots=True, eq=False)
class PatchEmbedding:
    """A convolution of pixels, uint8 (n, height, width, 3), as a product of patches."""

    node: onnx.NodeProto
    pixels: str  # the graph's input
    weight: NDArray[np.float32]  # (side * side * 3, outputs), for pixels from 0 to 255
    bias: NDArray[np.float32]  # (outputs,)
    shapes: tuple[list[int], list[int], list[int]]  # rows of patches; patches of pixels; the convolution's output


def find_patch_embedding(graph: onnx.GraphProto) -> PatchEmbedding | None:
    """The patch embedding of a graph; None when it has none of this form."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer if len(tensor.dims) in (1, 4)}
    makers = {output: node for node in graph.node for output in node.output}
    conv = next((node for node in graph.node if node.op_type == "Conv"), None)
    if conv is None or not all(name in tensors for name in conv.input[1:]):
        return None
    constants, value = [], conv.input[0]
    for wanted in NORMALISATION:
        node = makers.get(value)
        if node is None or node.op_type != wanted:
            return None
        value = node.input[0]
        constants += [tensors.get(name) for name in node.input[1:]]
    shift, scale = constants if len(constants) == 2 else (None, None)
    pixels = next((each for each in graph.input if each.name == value), None)
    if pixels is None or shift is None or scale is None or not shift.shape == scale.shape == (1, 3, 1, 1):
        return None
    kernel = tensors[conv.input[1]]  # (outputs, 3, side, side)
    height, width = (pixels.type.tensor_type.shape.dim[axis].dim_value for axis in (1, 2))
    outputs, colours, side, across = kernel.shape
    if colours != 3 or side != across or not _tiles(conv, side) or not height or height % side or width % side:
        return None
    bias = tensors[conv.input[2]] if len(conv.input) > 2 else np.zeros(outputs, np.float32)
    return PatchEmbedding(
        conv,
        value,
        (kernel * scale).transpose(2, 3, 1, 0).reshape(-1, outputs),
        bias + (kernel * shift).sum((1, 2, 3)),
        (
            [-1, height // side, side, width // side, 3 * side],
            [-1, (height // side) * (width // side), 3 * side * side],
            [-1, outputs, height // side, width // side],
        ),
    )


def _tiles(conv: onnx.NodeProto, side: int) -> bool:
    """Whether its windows lie side by side, whole."""
    attributes = {each.name: helper.get_attribute_value(each) for each in conv.attribute}
    return (
        attributes.get("strides") == [side, side]
        and not any(attributes.get("pads", []))
        and attributes.get("dilations", [1, 1]) == [1, 1]
        and attributes.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
        and attributes.get("group", 1) == 1
    )
