"""OpenAI's checkpoints: sizes from shapes, weights from every kind of file, and a place in the program."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from searchengine.embedding.clip.config import DualEncoderConfig
from searchengine.embedding.clip.names import OPENAI, weight_names
from searchengine.embedding.clip.openai import build_model, infer_config, state_dict_of
from searchengine.embedding.clip.weights_file import read_weights
from searchengine.errors import ModelUnsupportedError
from tests.embedding.clip.archives import PARAMETERS, PUBLISHED, save_script, shapes
from tests.embedding.clip.folders import encoder

NO_PARAMETERS = ("running_mean", "running_var", "num_batches_tracked")
OF_OPENAI = ("vit+transformer", "modified-resnet+transformer")
"""Encoders of the kinds of towers that OpenAI's have, with heads as wide as theirs where that shows."""


def weights_of(name: str) -> dict[str, Tensor]:
    return state_dict_of(encoder(name))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_sizes_of_a_published_model_are_read_off_its_weights(name: str) -> None:
    state = {key: torch.empty(shape, device="meta") for key, shape in shapes(PUBLISHED[name]).items()}
    config = infer_config(state)
    assert config == PUBLISHED[name]
    assert {key for weight in weight_names(config, OPENAI) for key in weight.theirs} == state.keys()
    parameters = sum(tensor.numel() for key, tensor in state.items() if not key.endswith(NO_PARAMETERS))
    assert round(parameters / 1e6, 2) == PARAMETERS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["RN50", "ViT-B/32"])
def test_a_published_model_is_built_at_its_full_size(name: str) -> None:
    state = {key: torch.zeros(()).half().expand(shape) for key, shape in shapes(PUBLISHED[name]).items()}
    built = build_model(state)
    assert built.config == PUBLISHED[name]
    assert {key: tuple(tensor.shape) for key, tensor in state_dict_of(built).items()} == shapes(PUBLISHED[name])


@pytest.mark.parametrize("name", OF_OPENAI)
@pytest.mark.parametrize("kind", ["plain", "trained", "scripted", "traced", "safetensors"])
def test_the_same_model_comes_out_of_every_kind_of_file(name: str, kind: str, tmp_path: Path) -> None:
    state = weights_of(name)
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pt")
    if kind == "plain":
        torch.save(state, path)
    elif kind == "trained":
        torch.save({"epoch": 3, "state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, path)
    elif kind == "safetensors":
        save_file(state, path)
    else:
        save_script(state, path, traced=kind == "traced")
    read = read_weights(path)
    assert {key: tensor.dtype for key, tensor in read.items()} == {key: tensor.dtype for key, tensor in state.items()}
    built = build_model(read, encoder(name).config).state_dict()
    assert all(torch.equal(tensor, built[key]) for key, tensor in encoder(name).state_dict().items())


@pytest.mark.parametrize("name", OF_OPENAI)
def test_half_precision_becomes_single(name: str, tmp_path: Path) -> None:
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in weights_of(name).items()}
    built = build_model(read_weights(save_script(half, tmp_path / "weights.pt")))
    assert {tensor.dtype for tensor in built.parameters()} == {torch.float32}
    assert torch.equal(built.logit_scale, half["logit_scale"].float())


def test_facts_and_masks_beside_the_weights_are_passed_over() -> None:
    state = weights_of("vit+transformer")
    facts = {"input_resolution": torch.tensor(32), "context_length": torch.tensor(20), "attn_mask": torch.zeros(20, 20)}
    assert build_model({**state, **facts}).config == build_model(state).config


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"visual.proj": None}, "visual.attnpool.positional_embedding is missing"),
        ({"ln_final.bias": None}, "ln_final.bias is missing"),
        ({"token_embedding.weight": None}, "token_embedding.weight is missing"),
        ({"visual.transformer.resblocks.0.ls_1.gamma": torch.ones(32)}, "CLIP has no visual.transformer"),
        ({"positional_embedding": torch.zeros(3)}, "another shape"),
        ({"ln_final.weight": torch.zeros(31)}, "size mismatch"),
    ],
)
def test_weights_of_something_else_are_refused(change: dict[str, Tensor | None], reason: str) -> None:
    changed = {key: tensor for key, tensor in {**weights_of("vit+transformer"), **change}.items() if tensor is not None}
    with pytest.raises(ModelUnsupportedError, match=reason):
        build_model(changed)


@pytest.mark.parametrize("name", ["resnet+bert", "vit+gpt2"])
def test_a_model_that_openai_never_wrote_has_no_such_names(name: str) -> None:
    with pytest.raises(ModelUnsupportedError, match=r"no place for the (image|text) tower"):
        state_dict_of(encoder(name))


def test_there_are_nine_published_models() -> None:
    assert len(set(PUBLISHED.values())) == 9
    assert all(isinstance(config, DualEncoderConfig) for config in PUBLISHED.values())
