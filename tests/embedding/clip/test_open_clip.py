"""CLIP's ResNets (and vision transformers) as they lie on the hub: pulled, run and refused like any other model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from searchengine.embedding import hub
from searchengine.embedding.catalog import CATALOGUE
from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.clip.openai import state_dict_of
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.onnx_runtime import tokenize
from searchengine.embedding.torch_runtime import TorchModel
from searchengine.errors import ModelDamagedError, ModelUnsupportedError
from tests.embedding.clip.archives import TINY, write_open_clip
from tests.embedding.clip.folders import random_encoder
from tests.embedding.loopback_hub import Hub, serving
from tests.embedding.test_preprocessing import photo

NAME = "timm/resnet50_clip.openai"
TEXTS = ["a dog running on grass", "Two DOGS, on a beach!", "", "the city at night, seen from a bridge " * 12]
PHOTOS = [photo(48, 64), photo(200, 90), photo(65, 65)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    models = tmp_path_factory.mktemp("hub")
    write_open_clip(models / NAME, TINY["resnet"])
    (models / NAME / "open_clip_pytorch_model.bin").write_bytes(b"the same weights again")
    with serving(models) as server:
        yield server


@pytest.mark.slow
def test_a_resnet_is_pulled_and_run_by_its_short_name(served: Hub, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models", endpoint=served.endpoint)
    assert store.pull("openai-rn50").installed
    model = store.open("openai-rn50")
    assert (model.identity.name, model.languages) == ("openai-rn50", ("en",))
    assert str(model.preprocessing) == "shortest:64:bicubic:64x64"

    checkpoint = open_checkpoint(tmp_path / "models" / "checkpoints" / NAME.replace("/", "--"))
    loaded, (_, normalisation) = checkpoint.dual_encoder(), checkpoint.preprocessing()
    expected = random_encoder(TINY["resnet"])
    pixels = np.stack([model.prepare(picture) for picture in PHOTOS]).astype(np.float32).transpose(0, 3, 1, 2)
    scale, shift = (np.array(part, np.float32)[:, None, None] for part in (normalisation.scale, normalisation.shift))
    tokens = [torch.from_numpy(array) for array in tokenize(loaded.tokenizer, TEXTS)]
    with torch.inference_mode():
        images = expected.encode_images(torch.from_numpy(pixels * scale + shift)).numpy()
        texts = expected.encode_texts(*tokens).numpy()
    on_torch = TorchModel(store._folder("openai-rn50"), checkpoint, "cpu")
    for runtime, alike in ((model, 0.9999), (on_torch, 0.99)):
        assert np.einsum("nd,nd->n", runtime.encode_images(PHOTOS), images).min() >= alike
        assert np.einsum("nd,nd->n", runtime.encode_texts(TEXTS), texts).min() >= alike


def test_a_probe_names_the_better_weights_alone(served: Hub) -> None:
    found = hub.probe(NAME, endpoint=served.endpoint)
    assert {file.name for file in found.files} == {
        "open_clip_config.json",
        "open_clip_model.safetensors",
        "tokenizer.json",
    }


def test_another_architecture_is_refused_before_its_weights_are_fetched(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "hub" / NAME, TINY["vit"])
    edit(tmp_path / "hub" / NAME, lambda c: c["model_cfg"]["vision_cfg"].update(timm_model_name="convnext_base"))
    with serving(tmp_path / "hub") as server:
        with pytest.raises(ModelUnsupportedError, match="vision_cfg has timm_model_name"):
            ModelStore(tmp_path / "models", endpoint=server.endpoint).pull(NAME)
        assert not [request for request in server.requests if request.endswith(".safetensors")]


def test_the_catalogue_has_all_nine_of_openai() -> None:
    names = {entry.name for entry in CATALOGUE if entry.name.startswith("openai-")}
    assert names == {
        *("openai-rn50", "openai-rn101", "openai-rn50x4", "openai-rn50x16", "openai-rn50x64"),
        *("openai-b32", "openai-b16", "openai-l14", "openai-l14-336"),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_open_clip(tmp_path / "model", TINY["vit"])
    return tmp_path / "model"


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    contents = json.loads((folder / "open_clip_config.json").read_text())
    change(contents)
    (folder / "open_clip_config.json").write_text(json.dumps(contents))


def test_the_configuration_decides_what_shapes_do_not_tell(folder: Path) -> None:
    edit(folder, lambda c: c["model_cfg"].pop("quick_gelu"))
    edit(folder, lambda c: c["model_cfg"]["vision_cfg"].update(head_width=16))
    edit(folder, lambda c: c["model_cfg"]["text_cfg"].update(heads=2))
    edit(folder, lambda c: c["preprocess_cfg"].update(resize_mode="squash", interpolation="bilinear"))
    loaded = open_checkpoint(folder).dual_encoder()
    image, text = loaded.encoder.config.image, loaded.encoder.config.text
    assert (image.activation, image.heads, text.activation, text.heads) == ("gelu", 4, "gelu", 2)
    assert str(loaded.preprocessing) == "squash:32:bilinear:32x32"


def test_weights_in_the_older_file_are_read(folder: Path) -> None:
    torch.save(load_file(folder / "open_clip_model.safetensors"), folder / "open_clip_pytorch_model.bin")
    expected = open_checkpoint(folder).dual_encoder().encoder.state_dict()
    (folder / "open_clip_model.safetensors").unlink()
    older = open_checkpoint(folder).dual_encoder().encoder.state_dict()
    assert all(torch.equal(tensor, older[name]) for name, tensor in expected.items())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c["model_cfg"]["text_cfg"].update(hf_model_name="roberta-base"), "text_cfg has hf_model_name"),
        (lambda c: c["model_cfg"]["vision_cfg"].update(timm_model_name="convnext"), "vision_cfg has timm_model_name"),
        (lambda c: c["model_cfg"].update(custom_text=True), "model_cfg has custom_text"),
        (lambda c: c["preprocess_cfg"].update(resize_mode="longest"), "prepared in a way"),
        (lambda c: c["model_cfg"]["vision_cfg"].update(image_size=[32, 64]), "prepared in a way"),
    ],
)
def test_an_architecture_that_is_not_openais_is_refused(
    change: Callable[[dict[str, Any]], object], reason: str, folder: Path
) -> None:
    edit(folder, change)
    with pytest.raises(ModelUnsupportedError, match=reason):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("model_cfg"),
        lambda c: c.update(model_cfg=[]),
        lambda c: c["model_cfg"].pop("vision_cfg"),
        lambda c: c["model_cfg"].update(text_cfg=7),
        lambda c: c["preprocess_cfg"].update(mean=[0.5]),
        lambda c: c["preprocess_cfg"].update(std=[0, 0, 0]),
    ],
)
def test_a_configuration_that_says_nothing_is_damage(change: Callable[[dict[str, Any]], object], folder: Path) -> None:
    edit(folder, change)
    with pytest.raises(ModelDamagedError, match=r"open_clip_config\.json doesn't say what it must"):
        open_checkpoint(folder)


def test_a_folder_that_lacks_a_piece_is_damage(folder: Path, tmp_path: Path) -> None:
    for name, reason in (("open_clip_model.safetensors", "weights are"), ("tokenizer.json", "tokenizer is")):
        lacking = shutil.copytree(folder, tmp_path / name)
        (lacking / name).unlink()
        with pytest.raises(ModelDamagedError, match=f"{reason} missing"):
            open_checkpoint(lacking)


def test_weights_that_are_torn_or_of_another_size_are_refused(folder: Path) -> None:
    weights = folder / "open_clip_model.safetensors"
    save_file(state_dict_of(random_encoder(TINY["resnet"])), weights)
    with pytest.raises(ModelDamagedError, match="for pictures of 64 pixels"):
        open_checkpoint(folder).towers()
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        open_checkpoint(folder).towers()
