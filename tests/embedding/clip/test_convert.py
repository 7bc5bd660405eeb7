"""CLIP from format to format: the same numbers, the same vectors, and a reason where there is no way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.clip.convert import FORMATS, convert, dual_encoder_from
from searchengine.embedding.clip.folder import DualEncoderFolder, load_dual_encoder, save_dual_encoder
from searchengine.embedding.clip.openai import state_dict_of
from searchengine.embedding.export import export_checkpoint
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.onnx_runtime import OnnxModel, tokenize
from searchengine.embedding.torch_runtime import TorchModel
from searchengine.errors import ModelMissingError, ModelUnsupportedError, NotFoundError, UsageError
from tests.embedding.checkpoints import checkpoint
from tests.embedding.clip.archives import TINY, save_script, write_open_clip
from tests.embedding.clip.folders import random_encoder, save
from tests.embedding.clip.vocabulary import write
from tests.embedding.test_checkpoints import TEXTS, assert_as_the_reference


def assert_alike(one: DualEncoderFolder, other: DualEncoderFolder) -> None:
    """The same sizes, the same numbers, the same preparation of pictures and sentences."""
    assert one.encoder.config == other.encoder.config
    assert (one.preprocessing, one.normalisation) == (other.preprocessing, other.normalisation)
    theirs = other.encoder.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in one.encoder.state_dict().items())
    for mine, yours in zip(tokenize(one.tokenizer, TEXTS), tokenize(other.tokenizer, TEXTS), strict=True):
        assert (mine == yours).all()


@pytest.mark.parametrize("name", ["clip", "clip-legacy"])
def test_a_clip_of_transformers_gives_its_vectors_as_one_of_ours(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    original = checkpoint(name, tmp_path_factory)
    convert(original, tmp_path / "ours", "searchengine")
    opened = open_checkpoint(tmp_path / "ours")
    (tmp_path / "exported").mkdir()
    made = export_checkpoint(opened, tmp_path / "exported", name="x", revision="", languages=())
    assert_as_the_reference(OnnxModel(made), original, 0.9999)
    assert_as_the_reference(TorchModel(made, opened, "cpu"), original, 0.99)


@pytest.mark.parametrize("name", ["clip", "clip-legacy"])
def test_from_transformers_to_ours_and_back_nothing_changes(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    original = checkpoint(name, tmp_path_factory)
    convert(original, tmp_path / "ours", "searchengine")
    convert(tmp_path / "ours", tmp_path / "theirs", "transformers")
    convert(tmp_path / "theirs", tmp_path / "again", "searchengine")
    assert_alike(dual_encoder_from(original), dual_encoder_from(tmp_path / "theirs"))
    assert_alike(load_dual_encoder(tmp_path / "ours"), load_dual_encoder(tmp_path / "again"))


@pytest.mark.parametrize("kind", TINY)
def test_from_openai_to_ours_and_back_nothing_changes(kind: str, tmp_path: Path) -> None:
    write_open_clip(tmp_path / "openai", TINY[kind])
    convert(tmp_path / "openai", tmp_path / "ours", "searchengine")
    convert(tmp_path / "ours", tmp_path / "theirs", "openai")
    assert_alike(dual_encoder_from(tmp_path / "openai"), load_dual_encoder(tmp_path / "ours"))
    assert_alike(load_dual_encoder(tmp_path / "ours"), dual_encoder_from(tmp_path / "theirs"))


def test_a_vision_transformer_of_openai_becomes_one_of_transformers(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "openai", TINY["vit"])
    convert(tmp_path / "openai", tmp_path / "theirs", "transformers")
    assert_alike(dual_encoder_from(tmp_path / "openai"), dual_encoder_from(tmp_path / "theirs"))


@pytest.mark.parametrize("end", ["pt", "safetensors", "script"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_file_of_weights_goes_straight_in(end: str, beside: bool, tmp_path: Path) -> None:
    state = state_dict_of(random_encoder(TINY["resnet"]))
    (tmp_path / "words").mkdir()
    write(tmp_path if beside else tmp_path / "words", "merges.txt")
    path = tmp_path / ("weights.safetensors" if end == "safetensors" else "weights.pt")
    if end == "safetensors":
        save_file(state, path)
    elif end == "script":
        save_script(state, path)
    else:
        torch.save(state, path)
    convert(path, tmp_path / "ours", "searchengine", None if beside else tmp_path / "words")
    write_open_clip(tmp_path / "openai", TINY["resnet"])
    assert_alike(dual_encoder_from(tmp_path / "openai"), load_dual_encoder(tmp_path / "ours"))


def test_a_file_without_a_vocabulary_says_what_to_do(tmp_path: Path) -> None:
    save_file(state_dict_of(random_encoder(TINY["vit"])), tmp_path / "weights.safetensors")
    with pytest.raises(ModelMissingError, match="There is no vocabulary") as caught:
        convert(tmp_path / "weights.safetensors", tmp_path / "ours", "searchengine")
    assert "--tokenizer" in caught.value.next_step
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_a_resnet_has_no_place_in_transformers(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "openai", TINY["resnet"])
    with pytest.raises(ModelUnsupportedError, match="no class for CLIP's ResNets") as caught:
        convert(tmp_path / "openai", tmp_path / "theirs", "transformers")
    assert "--to openai" in caught.value.next_step
    assert not (tmp_path / "theirs").exists()


@pytest.mark.parametrize("kind", ["openai", "transformers"])
@pytest.mark.parametrize("name", ["resnet+bert", "vit+gpt2"])
def test_other_towers_have_no_place_elsewhere(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnsupportedError, match=r"has no place for the (?:image|text) tower"):
        convert(save(tmp_path / "ours", name), tmp_path / "theirs", kind)
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


def test_two_activations_have_no_place_at_openai(tmp_path: Path) -> None:
    ours = load_dual_encoder(save(tmp_path / "ours"))
    config = ours.encoder.config
    ours.encoder.config = replace(config, text=replace(config.text, activation="gelu"))
    save_dual_encoder(tmp_path / "both", ours.encoder, ours.preprocessing, ours.normalisation, ours.tokenizer)
    with pytest.raises(ModelUnsupportedError, match="one activation"):
        convert(tmp_path / "both", tmp_path / "theirs", "openai")


def test_another_family_is_run_but_not_converted(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ModelUnsupportedError, match="is a SigLIP, which this program runs as it is"):
        dual_encoder_from(checkpoint("siglip", tmp_path_factory))


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        convert(save(tmp_path / "ours"), tmp_path / "there", "openai")


def test_a_folder_with_its_own_tokenizer_wants_no_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has its own tokenizer"):
        dual_encoder_from(save(tmp_path / "ours"), tmp_path)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_opened_as_a_model(kind: str, tmp_path: Path) -> None:
    write_open_clip(tmp_path / "openai", TINY["vit"])
    convert(tmp_path / "openai", tmp_path / "made", kind)
    model = ModelStore(tmp_path / "models").open(str(tmp_path / "made"))
    assert model.encode_texts(["a dog"]).shape == (1, 24)


def test_the_checkpoint_of_a_model_is_found_by_its_name(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    ours = save(tmp_path / "ours")
    assert store.checkpoint(str(ours)) == ours
    with pytest.raises(ModelMissingError, match="clip-b32 isn't on this machine"):
        store.checkpoint("clip-b32")
    with pytest.raises(UsageError, match="without the weights that training needs"):
        store.checkpoint("builtin")
    with pytest.raises(NotFoundError):
        store.checkpoint("nonsense")
