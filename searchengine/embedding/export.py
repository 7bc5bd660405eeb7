"""A checkpoint to a model folder, once: two ONNX graphs, the tokenizer and `model.json`.

Where the folder lies, and when it is made anew, is `model_store.py`'s business.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.checkpoint import Checkpoint
from searchengine.embedding.model_folder import (
    IMAGE_GRAPH,
    TEXT_GRAPH,
    TOKENIZER,
    ModelFolder,
    write_model_folder,
)
from searchengine.embedding.onnx_runtime import OnnxModel, tokenize
from searchengine.errors import ModelUnsupportedError, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from searchengine.embedding.preprocessing import Preprocessing
    from searchengine.embedding.towers import Towers

logger = logging.getLogger(__name__)

OPSET = 18
PROBES = ("a dog running on grass", "a red car at night, seen from above", "海边的日落", "x")
ALIKE = 0.9999
NOISY = ("torch.onnx", "onnxscript", "onnx_ir")


def export_checkpoint(
    checkpoint: Checkpoint, folder: Path, *, name: str, revision: str, languages: tuple[str, ...]
) -> ModelFolder:
    """Write the model folder of a checkpoint into `folder`, which is empty, and compare it with PyTorch.

    Takes seconds to minutes and about three times the weights' size in memory. Raises ModelDamagedError when the
    checkpoint can't be read, ModelUnsupportedError when what comes out is not what PyTorch gives.
    """
    logger.info("Making the model in %s ready to run; this takes a minute, once.", printable(checkpoint.folder))
    preprocessing, _ = checkpoint.preprocessing()
    tokenizer = checkpoint.tokenizer()
    towers = checkpoint.towers()
    tokenizer.save(str(folder / TOKENIZER))
    pictures = _pictures(preprocessing)
    tokens = tokenize(tokenizer, PROBES)
    with quiet_exporter():
        _export_image_tower(towers.image, pictures, folder / IMAGE_GRAPH)
        _export_text_tower(towers.text, tokens, folder / TEXT_GRAPH, fixed_length=checkpoint.fixed_length)
    expected = _reference(towers, pictures, tokens)
    if expected[0].shape[1] != expected[1].shape[1]:
        raise ModelUnsupportedError(f"The two towers of the model {name} give vectors of different lengths.")
    model = write_model_folder(
        folder,
        name=name,
        revision=revision,
        weights=checkpoint.checksum(),
        dim=expected[0].shape[1],
        preprocessing=preprocessing,
        precision="float32",
        languages=languages,
    )
    _compare(OnnxModel(model), pictures, expected)
    return model


def _export_image_tower(tower: nn.Module, pictures: NDArray[np.uint8], path: Path) -> None:
    import torch

    torch.onnx.export(
        tower,
        (torch.from_numpy(pictures),),
        path,
        input_names=["pixels"],
        output_names=["vectors"],
        dynamic_shapes={"pixels": {0: torch.export.Dim.DYNAMIC}},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )


def _export_text_tower(tower: nn.Module, tokens: list[NDArray[np.int64]], path: Path, *, fixed_length: bool) -> None:
    import torch

    dynamic = {0: torch.export.Dim.DYNAMIC}
    if not fixed_length:
        dynamic[1] = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        tower,
        tuple(torch.from_numpy(array) for array in tokens),
        path,
        input_names=["input_ids", "attention_mask"],
        output_names=["vectors"],
        dynamic_shapes={"input_ids": dynamic, "attention_mask": dynamic},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Without what the exporter says of its own insides: a deprecated spelling, torchvision being absent."""
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in NOISY}
    for noisy in levels:
        noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for noisy, level in levels.items():
            noisy.setLevel(level)


def _pictures(preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Two prepared pictures of noise, uint8 (2, height, width, 3)."""
    shape = (2, preprocessing.height, preprocessing.width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _reference(
    towers: Towers, pictures: NDArray[np.uint8], tokens: list[NDArray[np.int64]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What PyTorch gives: the pictures' vectors (2, dim), and those of the probes (4, dim), of any length."""
    import torch

    with torch.inference_mode():
        images = towers.image(torch.from_numpy(pictures)).numpy()
        texts = towers.text(*(torch.from_numpy(array) for array in tokens)).numpy()
    return images, texts


def _compare(
    model: OnnxModel, pictures: NDArray[np.uint8], expected: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> None:
    """Stop at a graph that computes something else, or a text tower that gives every sentence the same vector."""
    for ours, theirs in zip((model.encode_prepared(pictures), model.encode_texts(PROBES)), expected, strict=True):
        cosines = np.einsum("nd,nd->n", ours, theirs) / np.linalg.norm(theirs, axis=1)
        if cosines.min() < ALIKE:
            raise ModelUnsupportedError(
                f"The model {model.identity.name} gives other vectors after its export (cosine {cosines.min():.4f}).",
                "Please report this with the model's name.",
            )
    texts = model.encode_texts(PROBES[:2])
    if texts[0] @ texts[1] > 1 - 1e-6:
        raise ModelUnsupportedError(
            f"The model {model.identity.name} gives every sentence the same vector.",
            "Its tokenizer and its text tower don't seem to belong together.",
        )
