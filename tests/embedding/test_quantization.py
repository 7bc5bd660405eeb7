from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession, SessionOptions

from searchengine.embedding.fidelity import fidelity
from searchengine.embedding.model_folder import IMAGE_GRAPH
from searchengine.embedding.onnx_runtime import load_session
from searchengine.embedding.quantization import Channels, quantise, smoothing
from tests.embedding.checkpoints import exported
from tests.embedding.photographs import prepared

WIDTH = 64


def run(path: Path, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
    session = load_session(path)
    output: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    return output


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, NDArray[np.float32]]) -> Path:
    """A graph from `values`, float32 (n, 64), to `vectors`."""
    tensors = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in constants.items()]
    values = helper.make_tensor_value_info("values", TensorProto.FLOAT, ["n", WIDTH])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", None])
    graph = helper.make_graph(nodes, "tower", [values], [vectors], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def operators(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


@pytest.mark.parametrize("family", ["clip", "siglip", "chinese-clip", "altclip"])
def test_a_transformer_keeps_its_vectors(family: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = exported(family, tmp_path_factory).path / IMAGE_GRAPH
    pictures = prepared(32, 96)
    quantise(source, tmp_path / "int8.onnx", np.array_split(pictures[:32], 4))
    ours, theirs = unit(run(tmp_path / "int8.onnx", pictures[32:])), unit(run(source, pictures[32:]))
    assert fidelity(ours, theirs).mean >= 0.995
    names = operators(tmp_path / "int8.onnx")
    assert not {"Conv", "Cast"} & set(names), "the patches' pixels are multiplied as they come"
    assert {"Softmax", "LayerNormalization"} <= set(names), "these stay in float32"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int8.onnx", "int8.onnx.data"]


def test_a_vector_depends_neither_on_its_batch_nor_on_threads(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = exported("clip", tmp_path_factory).path / IMAGE_GRAPH
    pictures = prepared(32, 64)
    quantise(source, tmp_path / "int8.onnx", [pictures[:32]])
    together = unit(run(tmp_path / "int8.onnx", pictures))
    for threads in (1, 3):
        options = SessionOptions()
        options.intra_op_num_threads = threads
        session = InferenceSession(tmp_path / "int8.onnx", options, providers=["CPUExecutionProvider"])
        alone = unit(np.concatenate([session.run(None, {"pixels": each[None]})[0] for each in pictures]))
        assert np.einsum("nd,nd->n", together, alone).min() >= 0.9999


def test_a_graph_without_such_products_is_left_alone(tmp_path: Path) -> None:
    source = write(tmp_path / "plain.onnx", [helper.make_node("Tanh", ["values"], ["vectors"])], {})
    assert quantise(source, tmp_path / "int8.onnx", [np.zeros((2, WIDTH), np.float32)]) == 0
    assert not (tmp_path / "int8.onnx").exists()


@pytest.mark.parametrize("norm", [True, False])
def test_channels_that_are_far_larger_than_others_are_moved_into_the_weights(norm: bool, tmp_path: Path) -> None:
    """As in every large transformer: without it the other channels would have two levels out of 256."""
    random = np.random.default_rng(1)
    loud = np.where(np.arange(WIDTH) % 20 == 0, 300.0, 1.0)
    weights = random.normal(size=(WIDTH, 32)) / loud[:, None]
    before = (
        helper.make_node("LayerNormalization", ["values", "loud", "shift"], ["large"])
        if norm
        else helper.make_node("Mul", ["values", "loud"], ["large"])
    )
    nodes = [before, helper.make_node("MatMul", ["large", "weights"], ["product"])]
    nodes.append(helper.make_node("Add", ["product", "bias"], ["vectors"]))
    constants = {"loud": loud, "weights": weights, "bias": random.normal(size=32)}
    source = write(tmp_path / "plain.onnx", nodes, constants | ({"shift": np.zeros(WIDTH)} if norm else {}))
    values = random.normal(size=(200, WIDTH)).astype(np.float32)
    quantise(source, tmp_path / "int8.onnx", [values])
    cosines = np.einsum("nd,nd->n", unit(run(tmp_path / "int8.onnx", values)), unit(run(source, values)))
    assert cosines.min() >= 0.999
    expected = ["LayerNormalization"] if norm else ["Mul", "Mul"]
    assert operators(tmp_path / "int8.onnx") == [*expected, "QuantizeLinear", "MatMulIntegerToFloat"]


def test_even_channels_are_not_smoothed() -> None:
    random = np.random.default_rng(2)
    channels = Channels(-np.ones(WIDTH, np.float32), np.ones(WIDTH, np.float32), np.full(WIDTH, 0.1, np.float32))
    weight = random.normal(size=(WIDTH, 16)).astype(np.float32)
    assert smoothing(channels, weight, free=False) is None


def test_values_that_others_need_too_stay_as_they_are(tmp_path: Path) -> None:
    """A residual behind a layer norm, as BERT has it: the norm's output goes to the product and past it."""
    random = np.random.default_rng(3)
    loud = np.where(np.arange(WIDTH) == 5, 300.0, 1.0)
    weights = random.normal(size=(WIDTH, WIDTH)) / loud[:, None]
    constants = {"loud": loud, "shift": np.zeros(WIDTH), "weights": weights}
    nodes = [
        helper.make_node("LayerNormalization", ["values", "loud", "shift"], ["normal"]),
        helper.make_node("MatMul", ["normal", "weights"], ["product"]),
        helper.make_node("Add", ["product", "normal"], ["vectors"]),
    ]
    source = write(tmp_path / "plain.onnx", nodes, constants)
    values = random.normal(size=(100, WIDTH)).astype(np.float32)
    quantise(source, tmp_path / "int8.onnx", [values])
    cosines = np.einsum("nd,nd->n", unit(run(tmp_path / "int8.onnx", values)), unit(run(source, values)))
    assert cosines.min() >= 0.999
