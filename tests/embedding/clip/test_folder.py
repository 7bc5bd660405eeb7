"""A dual encoder of our own on disk: saved, loaded, and used as any other checkpoint is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.clip.folder import load_dual_encoder, save_dual_encoder
from searchengine.embedding.export import export_checkpoint
from searchengine.embedding.onnx_runtime import OnnxModel, tokenize
from searchengine.embedding.torch_runtime import TorchModel
from searchengine.errors import ModelDamagedError, ModelMissingError
from tests.embedding.clip.folders import ENCODERS, NORMALISATION, encoder, save, tokenizer
from tests.embedding.test_preprocessing import photo

TEXTS = ["a dog running on grass", "Two DOGS, on a beach!", "", "the city at night, seen from a bridge " * 12]
PHOTOS = [photo(48, 64), photo(200, 90), photo(33, 33)]

each_encoder = pytest.mark.parametrize("name", ENCODERS)


@each_encoder
def test_what_was_saved_is_loaded(name: str, tmp_path: Path) -> None:
    loaded = load_dual_encoder(save(tmp_path, name))
    assert loaded.encoder.config == ENCODERS[name]
    assert loaded.normalisation == NORMALISATION
    assert loaded.languages == ("en",)
    assert loaded.tokenizer.to_str() == tokenizer().to_str()
    assert not loaded.encoder.training
    saved = encoder(name).state_dict()
    assert saved.keys() == loaded.encoder.state_dict().keys()
    assert all(torch.equal(saved[key], tensor) for key, tensor in loaded.encoder.state_dict().items())


def test_weights_in_half_precision_are_saved_in_single(tmp_path: Path) -> None:
    half = encoder("modified-resnet+transformer").bfloat16()
    loaded = load_dual_encoder(save(tmp_path))
    save_dual_encoder(tmp_path, half, loaded.preprocessing, loaded.normalisation, loaded.tokenizer)
    kinds = {tensor.dtype for tensor in load_dual_encoder(tmp_path).encoder.state_dict().values()}
    assert kinds == {torch.float32, torch.int64}, "the integers count batches"


@each_encoder
def test_both_runtimes_give_the_vectors_of_the_encoder(name: str, tmp_path: Path) -> None:
    folder = save(tmp_path / "checkpoint", name)
    opened = open_checkpoint(folder)
    (tmp_path / "exported").mkdir()
    made = export_checkpoint(opened, tmp_path / "exported", name=name, revision="", languages=opened.languages)
    exported, on_torch = OnnxModel(made), TorchModel(made, opened, "cpu")
    assert exported.identity == on_torch.identity
    assert exported.languages == ("en",)

    loaded = load_dual_encoder(folder)
    pixels = np.stack([exported.prepare(picture) for picture in PHOTOS]).astype(np.float32).transpose(0, 3, 1, 2)
    scale, shift = (np.array(part, np.float32)[:, None, None] for part in (NORMALISATION.scale, NORMALISATION.shift))
    tokens = [torch.from_numpy(array) for array in tokenize(loaded.tokenizer, TEXTS)]
    with torch.inference_mode():
        images = loaded.encoder.encode_images(torch.from_numpy(pixels * scale + shift)).numpy()
        texts = loaded.encoder.encode_texts(*tokens).numpy()
    for model, alike in ((exported, 0.9999), (on_torch, 0.99)):
        assert np.einsum("nd,nd->n", model.encode_images(PHOTOS), images).min() >= alike
        assert np.einsum("nd,nd->n", model.encode_texts(TEXTS), texts).min() >= alike


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_piece_is_refused_at_once(name: str, tmp_path: Path) -> None:
    (save(tmp_path) / name).unlink()
    with pytest.raises(ModelMissingError if name == "config.json" else ModelDamagedError, match=r"missing|no config"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("key", ["model", "preprocessing", "normalisation", "languages"])
@pytest.mark.parametrize("value", [None, 3, {}, {"kind": "x"}, [1]])
def test_a_configuration_that_says_something_else_is_damage(key: str, value: object, tmp_path: Path) -> None:
    config = json.loads((save(tmp_path) / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, key: value}))
    if key == "languages" and isinstance(value, (dict, list)):
        return  # as good as any
    with pytest.raises(ModelDamagedError, match=r"config\.json doesn't say what it must"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(("key", "value"), [("width", 64), ("width", "x"), ("width", -1), ("layers", 3)])
def test_sizes_that_the_weights_have_not_are_damage(key: str, value: object, tmp_path: Path) -> None:
    config = json.loads((save(tmp_path) / "config.json").read_text())
    config["model"]["image"][key] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        load_dual_encoder(tmp_path)


@pytest.mark.parametrize("share", [0, 0.25, 0.9])
def test_torn_weights_are_damage(share: float, tmp_path: Path) -> None:
    weights = save(tmp_path) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        load_dual_encoder(tmp_path)


def test_weights_of_other_sizes_are_damage(tmp_path: Path) -> None:
    weights = save(tmp_path) / "model.safetensors"
    tensors = load_file(weights)
    save_file({**tensors, "text_projection.weight": torch.zeros(24, 99)}, weights)
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        load_dual_encoder(tmp_path)
    save_file({name: tensor for name, tensor in tensors.items() if name != "text_projection.weight"}, weights)
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        load_dual_encoder(tmp_path)


def test_a_torn_tokenizer_is_damage(tmp_path: Path) -> None:
    (save(tmp_path) / "tokenizer.json").write_text('{"version": "1.0", "trunc')
    with pytest.raises(ModelDamagedError, match=r"tokenizer\.json"):
        load_dual_encoder(tmp_path)
