"""Captions and matches: what the transformers library says of the same input, whatever else is in the batch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from searchengine.embedding import captioner as captioner_module
from searchengine.embedding.captioner import BEAMS, LONGEST, Captioner
from searchengine.embedding.kinds import Kind, kind_in
from searchengine.embedding.matcher import Matcher
from searchengine.embedding.model_store import ModelStore
from searchengine.errors import ModelDamagedError, ModelMissingError, UsageError
from tests.embedding.captioners import CAPTIONERS, tiny
from tests.embedding.loopback_hub import serving
from tests.embedding.test_preprocessing import photo

PHOTOS = [photo(60, 40), np.zeros((20, 20, 3), np.uint8), photo(33, 90)]
PROMPT = "a dog on"


def reference(folder: Path, pictures: list[np.ndarray], **begun: Any) -> list[str]:
    """Pictures, one by one, through the library's own processor and `generate`."""
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    written = []
    for pixels in pictures:
        values = processor(images=Image.fromarray(pixels), return_tensors="pt").pixel_values
        tokens = model.generate(pixel_values=values, num_beams=BEAMS, do_sample=False, max_new_tokens=LONGEST, **begun)
        written.append(" ".join(tokenizer.decode(tokens[0], skip_special_tokens=True).split()))
    return written


@pytest.mark.slow
@pytest.mark.parametrize("kind", CAPTIONERS)
def test_a_caption_is_what_the_library_generates(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tiny(kind, tmp_path_factory)
    written = Captioner(folder, kind).captions(PHOTOS)
    assert written == reference(folder, PHOTOS)
    assert len(set(written)) > 1  # a picture makes a difference
    assert all(written)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CAPTIONERS)
def test_a_prompt_begins_the_caption(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tiny(kind, tmp_path_factory)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    words = tokenizer(PROMPT, add_special_tokens=False).input_ids
    start = tokenizer.cls_token_id
    begun = {
        "blip": {"input_ids": torch.tensor([[start, *words, tokenizer.sep_token_id]])},
        "git": {"input_ids": torch.tensor([[start, *words]])},
        "encoder-decoder": {"decoder_input_ids": torch.tensor([[start, *words]])},
    }[kind]
    written = Captioner(folder, kind).captions(PHOTOS[:2], PROMPT)
    assert written == reference(folder, PHOTOS[:2], **begun)
    assert all(text.startswith(PROMPT) for text in written)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CAPTIONERS)
def test_a_caption_does_not_depend_on_its_batch(
    kind: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioner_module, "LONGEST", 8)
    captioner = Captioner(tiny(kind, tmp_path_factory), kind)
    at_once = captioner.captions(PHOTOS, PROMPT)
    monkeypatch.setattr(captioner_module, "BATCH", 2)
    assert captioner.captions(PHOTOS, PROMPT) == at_once
    assert captioner.captions([]) == []


def test_photos_are_decoded_at_twice_the_input(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert Captioner(tiny("blip", tmp_path_factory), "blip").at_least == 64
    assert Captioner(tiny("git", tmp_path_factory), "git").at_least == 64  # a shortest edge, then a crop


def test_a_match_is_what_the_library_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tiny("matcher", tmp_path_factory)
    model = transformers.BlipForImageTextRetrieval.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    words = transformers.AutoTokenizer.from_pretrained(folder)("two dogs on a beach", return_tensors="pt")
    expected = []
    with torch.no_grad():
        for pixels in PHOTOS:
            values = processor(images=Image.fromarray(pixels), return_tensors="pt").pixel_values
            said = model(input_ids=words.input_ids, attention_mask=words.attention_mask, pixel_values=values)
            expected.append(said.itm_score.softmax(-1)[0, 1].item())
    matcher = Matcher(folder, "matcher")
    matched = matcher.match("two dogs on a beach", PHOTOS)
    np.testing.assert_allclose(matched, expected, atol=1e-5)
    assert np.ptp(matched) > 1e-3
    assert matcher.match("a word " * 200, PHOTOS[:1]).shape == (1,)  # longer than it can read
    assert matcher.match("a dog", []).shape == (0,)


# --- in the model store -----------------------------------------------------------------------------------------------


def test_a_captioner_that_is_not_here_says_how_to_get_it(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    with pytest.raises(ModelMissingError, match="blip-base isn't on this machine") as caught:
        store.captioner()
    assert "searchengine models pull blip-base" in caught.value.next_step
    assert "988 MB" in caught.value.next_step
    with pytest.raises(ModelMissingError, match="blip-itm isn't on this machine"):
        store.matcher()
    with pytest.raises(ModelMissingError):
        store.captioner("microsoft/git-base-coco")


def test_a_captioner_does_not_search_and_a_search_model_writes_no_captions(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store, folder = ModelStore(tmp_path / "models"), tiny("blip", tmp_path_factory)
    assert kind_in(folder) is Kind.CAPTIONER
    for name in ("blip-base", str(folder)):
        with pytest.raises(UsageError, match="writes captions") as caught:
            store.open(name)
        assert "searchengine captions write --model" in caught.value.next_step
    for name in ("builtin", "clip-b32", "blip-itm"):
        with pytest.raises(UsageError, match="one that writes captions"):
            store.captioner(name)
    with pytest.raises(UsageError, match="judges whether"):
        store.matcher(str(folder))


def test_a_captioner_in_a_folder_is_opened_by_its_path(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tiny("git", tmp_path_factory)
    captioner = ModelStore(tmp_path).captioner(str(folder))
    assert captioner.name == str(folder)
    assert captioner.captions(PHOTOS[:1]) == Captioner(folder, "git").captions(PHOTOS[:1])


@pytest.mark.slow
def test_a_captioner_is_pulled_carried_and_mended_like_any_model(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = "Salesforce/blip-image-captioning-base"
    shutil.copytree(tiny("blip", tmp_path_factory), tmp_path / "hub" / name)
    with serving(tmp_path / "hub") as hub:
        store = ModelStore(tmp_path / "models", endpoint=hub.endpoint)
        assert store.pull("blip-base").installed
    assert not (tmp_path / "models" / "ready").exists()  # nothing to export
    written = store.captioner().captions(PHOTOS[:1])
    assert (store.captioner().name, store.captioner(name).name) == ("blip-base", "blip-base")
    with pytest.raises(UsageError, match="writes captions"):
        store.open("blip-base")
    store.verify("blip-base")
    store.repair("blip-base")

    store.export_to("blip-base", tmp_path / "blip.model")
    other = ModelStore(tmp_path / "elsewhere")
    assert other.import_from(tmp_path / "blip.model").kind is Kind.CAPTIONER
    assert other.captioner().captions(PHOTOS[:1]) == written

    weights = tmp_path / "models" / "checkpoints" / name.replace("/", "--") / "model.safetensors"
    weights.write_bytes(b"torn")
    with pytest.raises(ModelDamagedError):
        store.verify("blip-base")


def test_the_list_says_what_each_model_is_for(tmp_path: Path) -> None:
    kinds = {entry.name: entry.kind for entry in ModelStore(tmp_path).entries()}
    assert {name for name, kind in kinds.items() if kind is Kind.CAPTIONER} == {"blip-base", "blip-large"}
    assert {name for name, kind in kinds.items() if kind is Kind.MATCHER} == {"blip-itm"}
    assert kinds["builtin"] is Kind.SEARCH


def test_a_torn_captioner_is_damaged(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = shutil.copytree(tiny("blip", tmp_path_factory), tmp_path / "torn")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelDamagedError, match="torn"):
        Captioner(folder, "torn").captions(PHOTOS[:1])
    weights.unlink()
    with pytest.raises(ModelDamagedError, match="weights are missing"):
        Captioner(folder, "torn").captions(PHOTOS[:1])


def test_a_checkpoint_without_some_weights_is_damaged(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without care transformers would fill them with random numbers, and the captions would be nonsense."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny("blip", tmp_path_factory), tmp_path / "holes")
    tensors = load_file(folder / "model.safetensors")
    tensors.pop(next(name for name in tensors if "crossattention" in name))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelDamagedError, match="1 of its weights are missing"):
        Captioner(folder, "holes").captions(PHOTOS[:1])


def test_a_folder_without_a_configuration_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["BlipForConditionalGeneration"]}))
    with pytest.raises(ModelDamagedError):
        ModelStore(tmp_path / "models").captioner(str(tmp_path)).captions(PHOTOS[:1])
