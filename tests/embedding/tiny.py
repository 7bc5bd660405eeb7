"""Models small enough to make in a test: random weights, a tokenizer trained on a few sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from searchengine.embedding.model_folder import ModelFolder, write_model_folder
from searchengine.embedding.preprocessing import Preprocessing

SENTENCES = (
    "a dog running on grass",
    "two dogs on a beach",
    "a cat asleep on a red chair",
    "the city at night, seen from a bridge",
    "a cup of coffee",
    "children playing in the snow",
)


def byte_pairs(*, start: str, end: str, pad: str, lowercase: bool = False) -> Tokenizer:
    """A byte-level BPE tokenizer that puts `start` and `end` around a sentence, as CLIP's does."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = list(dict.fromkeys([pad, start, end]))
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    ends = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{start} $A {end}", special_tokens=ends)
    return tokenizer


def make_model_folder(
    folder: Path, *, name: str = "tiny", revision: str = "1", languages: tuple[str, ...] = ("en",)
) -> ModelFolder:
    """A model folder with towers of one matrix each: a mean over tokens, a sum over the pixels of 16 × 16."""
    folder.mkdir(parents=True, exist_ok=True)
    random, dim = np.random.default_rng(20), 24
    tokenizer = byte_pairs(start="<s>", end="</s>", pad="<pad>")
    tokenizer.enable_padding(pad_id=0, pad_token="<pad>")
    tokenizer.enable_truncation(max_length=32)
    tokenizer.save(str(folder / "tokenizer.json"))
    _save_image_tower(folder / "image.onnx", random.normal(size=(16 * 16 * 3, dim)))
    _save_text_tower(folder / "text.onnx", random.normal(size=(tokenizer.get_vocab_size(), dim)))
    return write_model_folder(
        folder,
        name=name,
        revision=revision,
        dim=dim,
        preprocessing=Preprocessing(16, 16, "shortest", 18, "bicubic"),
        precision="float32",
        languages=languages,
    )


def _save_image_tower(path: Path, weights: NDArray[np.float64]) -> None:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("Sub", ["flat", "grey"], ["centred"]),
        helper.make_node("MatMul", ["centred", "weights"], ["vectors"]),
    ]
    grey = numpy_helper.from_array(np.array(127.5, np.float32), "grey")
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 16, 16, 3])
    _save(path, nodes, [pixels], weights, [grey])


def _save_text_tower(path: Path, weights: NDArray[np.float64]) -> None:
    """The mean over the tokens that the mask lets through; position does not count."""
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["embedded"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["embedded", "column"], ["kept"]),
        helper.make_node("ReduceMean", ["kept", "tokens"], ["vectors"], keepdims=0),
    ]
    axes = [
        numpy_helper.from_array(np.array([2], np.int64), "last"),
        numpy_helper.from_array(np.array([1], np.int64), "tokens"),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "tokens_"])
        for name in ("input_ids", "attention_mask")
    ]
    _save(path, nodes, inputs, weights, axes)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    weights: NDArray[np.float64],
    constants: list[onnx.TensorProto],
) -> None:
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", weights.shape[1]])
    matrix = numpy_helper.from_array(weights.astype(np.float32), "weights")
    graph = helper.make_graph(nodes, "tower", inputs, [output], [matrix, *constants])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
