"""Checkpoints of every family, loaded as a user's would be, against the reference: float32 PyTorch with the
processors of the transformers library."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.checkpoint_files import stamp
from searchengine.embedding.families import FAMILIES
from searchengine.embedding.onnx_runtime import OnnxModel, tokenize
from searchengine.embedding.torch_runtime import TorchModel
from searchengine.errors import ModelDamagedError, ModelMissingError, ModelUnsupportedError
from tests.embedding.checkpoints import CHECKPOINTS, checkpoint, exported, naflex
from tests.embedding.test_preprocessing import photo

TEXTS = [
    "a dog running on grass",
    "Two DOGS, on a beach!",
    "海边的日落",
    "해질녘 바다",
    "  a   cup  of coffee ",
    "café at night (rain)",
    "",
    "the city at night, seen from a bridge " * 12,
]
PHOTOS = [photo(48, 64), photo(200, 90), photo(33, 33), photo(120, 121)]

each_family = pytest.mark.parametrize("family", CHECKPOINTS)


def reference_tokens(folder: Path) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """As each family's processor calls its tokenizer, with what is too long cut off."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    kind, positions = config["model_type"], config["text_config"]["max_position_embeddings"]
    texts = [text.lower() for text in TEXTS] if kind == "siglip" else TEXTS
    length = {"altclip": positions - 2, "align": 64}.get(kind, positions)
    padding = "max_length" if kind == "siglip" else "longest"
    tokens = tokenizer(texts, padding=padding, max_length=length, truncation=True, return_tensors="np")
    return tokens["input_ids"], None if kind == "siglip" else tokens["attention_mask"]


def reference(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The vectors of PHOTOS and TEXTS by transformers itself, of unit length."""
    model = AutoModel.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    ids, mask = reference_tokens(folder)
    with torch.inference_mode():
        pixels = processor(PHOTOS, return_tensors="pt")["pixel_values"]
        images = model.get_image_features(pixel_values=pixels).pooler_output
        masks = {} if mask is None else {"attention_mask": torch.from_numpy(mask)}
        texts = model.get_text_features(input_ids=torch.from_numpy(ids), **masks).pooler_output
    return tuple(torch.nn.functional.normalize(vectors, dim=1).numpy() for vectors in (images, texts))


def assert_as_the_reference(model: EmbeddingModel, folder: Path, alike: float) -> None:
    images, texts = reference(folder)
    assert np.einsum("nd,nd->n", model.encode_images(PHOTOS), images).min() >= alike
    assert np.einsum("nd,nd->n", model.encode_texts(TEXTS), texts).min() >= alike


@each_family
def test_texts_become_the_tokens_of_the_reference(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = checkpoint(family, tmp_path_factory)
    ids, mask = tokenize(open_checkpoint(folder).tokenizer(), TEXTS)
    expected_ids, expected_mask = reference_tokens(folder)
    np.testing.assert_array_equal(ids, expected_ids)
    if expected_mask is not None:
        np.testing.assert_array_equal(mask, expected_mask)


@each_family
def test_the_export_gives_the_vectors_of_the_reference(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    model = OnnxModel(exported(family, tmp_path_factory))
    assert_as_the_reference(model, checkpoint(family, tmp_path_factory), 0.9999)


@each_family
def test_half_precision_gives_nearly_the_vectors_of_the_reference(
    family: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = checkpoint(family, tmp_path_factory)
    model = TorchModel(exported(family, tmp_path_factory), open_checkpoint(folder), "cpu")
    assert_as_the_reference(model, folder, 0.99)


@each_family
def test_vectors_differ_from_photo_to_photo_and_from_sentence_to_sentence(
    family: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = OnnxModel(exported(family, tmp_path_factory))
    for vectors in (model.encode_images(PHOTOS), model.encode_texts(TEXTS[:2])):
        alike = vectors @ vectors.T
        np.fill_diagonal(alike, -1)
        assert alike.max() < 0.999


@each_family
def test_both_runtimes_have_one_identity(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = exported(family, tmp_path_factory)
    on_gpu = TorchModel(folder, open_checkpoint(checkpoint(family, tmp_path_factory)), "cpu")
    on_cpu = OnnxModel(folder)
    assert on_gpu.identity == on_cpu.identity
    assert (on_gpu.precision, on_cpu.precision) == ("bfloat16", "float32")  # on a GPU it would be float16


def test_siglip_reads_upper_case_as_lower_case(tmp_path_factory: pytest.TempPathFactory) -> None:
    for family in ("siglip", "siglip2"):
        tokenizer = open_checkpoint(checkpoint(family, tmp_path_factory)).tokenizer()
        shouted, said = tokenize(tokenizer, ["A DOG"])[0], tokenize(tokenizer, ["a dog"])[0]
        np.testing.assert_array_equal(shouted, said)
        assert shouted.shape == (1, 16), "padded to the full length"


OLD_CLIP = {"size": 224, "crop_size": 224, "do_center_crop": True, "resample": 3}
NEWER_CLIP = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}, "resample": 3}
SQUASHED = {"size": {"height": 224, "width": 224}, "do_center_crop": False, "resample": 3}
SIGLIP2 = {"size": {"height": 256, "width": 256}, "crop_size": None, "do_center_crop": None, "resample": 2}
ALIGN = {
    "size": {"height": 346, "width": 346},
    "crop_size": {"height": 289, "width": 289},
    "do_center_crop": True,
    "resample": 2,
}


@pytest.mark.parametrize(
    ("family", "kind", "config", "expected"),
    [
        ("clip", None, OLD_CLIP, "shortest:224:bicubic:224x224"),
        ("clip", "CLIPFeatureExtractor", NEWER_CLIP, "shortest:336:bicubic:336x336"),
        ("altclip", "CLIPFeatureExtractor", NEWER_CLIP, "shortest:336:bicubic:336x336"),
        ("chinese-clip", "ChineseCLIPFeatureExtractor", SQUASHED, "squash:224:bicubic:224x224"),
        ("siglip", "SiglipImageProcessor", SQUASHED, "squash:224:bicubic:224x224"),
        ("siglip2", "SiglipImageProcessorFast", SIGLIP2, "squash:256:bilinear:256x256"),
        ("align", "EfficientNetImageProcessor", ALIGN, "squash:346:bilinear:289x289"),
    ],
)
def test_configurations_of_all_ages_are_understood(
    family: str,
    kind: str | None,
    config: dict[str, object],
    expected: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = shutil.copytree(checkpoint(family, tmp_path_factory), tmp_path / family)
    named = {"feature_extractor_type": "CLIPFeatureExtractor"} if kind is None else {"image_processor_type": kind}
    (folder / "preprocessor_config.json").write_text(json.dumps({**config, **named}))
    assert str(open_checkpoint(folder).preprocessing()[0]) == expected


def test_a_preprocessing_without_a_fixed_size_is_refused(clip_folder: Path) -> None:
    (clip_folder / "preprocessor_config.json").write_text('{"size": 224, "do_center_crop": false}')
    with pytest.raises(ModelUnsupportedError, match="its input has no fixed size"):
        open_checkpoint(clip_folder).preprocessing()


def test_a_tokenizer_in_the_older_files_gives_the_same_tokens(clip_folder: Path) -> None:
    expected = open_checkpoint(clip_folder).tokenizer().encode(TEXTS[0]).ids
    model = json.loads((clip_folder / "tokenizer.json").read_text())["model"]
    (clip_folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [" ".join(pair) for pair in model["merges"]]
    (clip_folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    (clip_folder / "tokenizer.json").unlink()
    assert open_checkpoint(clip_folder).tokenizer().encode(TEXTS[0]).ids == expected


def test_naflex_is_refused_by_name(tmp_path: Path) -> None:
    naflex(tmp_path)
    with pytest.raises(ModelUnsupportedError, match="NaFlex") as caught:
        open_checkpoint(tmp_path)
    assert "google/siglip2-base-patch32-256" in caught.value.next_step


def test_another_architecture_is_refused_with_those_that_work(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelUnsupportedError, match="llama") as caught:
        open_checkpoint(tmp_path)
    assert all(family.name in caught.value.next_step for family in FAMILIES.values())


def test_a_folder_without_a_checkpoint_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"no config\.json"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("contents", ["", "[]", "{}", '{"model_type": '])
def test_a_torn_configuration_is_damage(tmp_path: Path, contents: str) -> None:
    (tmp_path / "config.json").write_text(contents)
    with pytest.raises(ModelDamagedError, match=r"config\.json"):
        open_checkpoint(tmp_path)


@pytest.fixture
def clip_folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(checkpoint("clip", tmp_path_factory), tmp_path / "clip")


def test_missing_weights_are_damage(clip_folder: Path) -> None:
    (clip_folder / "model.safetensors").unlink()
    with pytest.raises(ModelDamagedError, match="weights are missing"):
        open_checkpoint(clip_folder)


@pytest.mark.parametrize("share", [0, 0.25, 0.9])
def test_torn_weights_are_damage(clip_folder: Path, share: float) -> None:
    weights = clip_folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        open_checkpoint(clip_folder).towers()


def test_weights_that_lack_a_part_are_damage_and_not_filled_with_random_numbers(clip_folder: Path) -> None:
    tensors = load_file(clip_folder / "model.safetensors")
    del tensors["text_projection.weight"]
    save_file(tensors, clip_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelDamagedError, match=r"1 of its weights are missing, such as text_projection\.weight"):
        open_checkpoint(clip_folder).towers()


def test_a_missing_part_is_damage(clip_folder: Path) -> None:
    (clip_folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        open_checkpoint(clip_folder).preprocessing()
    (clip_folder / "tokenizer.json").unlink()
    with pytest.raises(ModelDamagedError, match="tokenizer is missing"):
        open_checkpoint(clip_folder)


def test_a_torn_tokenizer_is_damage(clip_folder: Path) -> None:
    (clip_folder / "tokenizer.json").write_text('{"version": "1.0", "trunc')
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        open_checkpoint(clip_folder).tokenizer()


def test_weights_in_the_older_format_are_read(clip_folder: Path) -> None:
    towers = open_checkpoint(clip_folder).towers()
    torch.save(load_file(clip_folder / "model.safetensors"), clip_folder / "pytorch_model.bin")
    (clip_folder / "model.safetensors").unlink()
    older = open_checkpoint(clip_folder).towers()
    for one, other in zip(towers.image.parameters(), older.image.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_changed_checkpoint_has_another_stamp_and_another_checksum(clip_folder: Path) -> None:
    before = stamp(clip_folder), open_checkpoint(clip_folder).checksum()
    weights = clip_folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert stamp(clip_folder) != before[0]
    assert open_checkpoint(clip_folder).checksum() != before[1]
