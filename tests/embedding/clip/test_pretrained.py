from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertForMaskedLM,
    GPT2LMHeadModel,
    PreTrainedModel,
    ResNetForImageClassification,
    ViTForImageClassification,
)

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    TextBackboneConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.pretrained import pretrained_image_tower, pretrained_text_tower
from searchengine.errors import ModelDamagedError, ModelMissingError, ModelUnsupportedError
from tests.embedding.clip import folders
from tests.embedding.clip.test_backbones import BERT, GPT2, MASK, PIXELS, RESNET, TOKENS, VIT

SMALL = DualEncoderConfig(
    VisionTransformerConfig(32, 16, 16, 1, 2, "gelu"), TextTransformerConfig(16, 1, 2, "gelu", 60, 16), 8
)
MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.5]


def saved(folder: Path, kind: type[PreTrainedModel], settings: dict[str, Any]) -> PreTrainedModel:
    """A model as the hub has it, with the head that it was trained under."""
    torch.manual_seed(3)
    model = kind(AutoConfig.for_model(**settings)).eval()
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": MEAN, "image_std": STD}))
    return model


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(ResNetForImageClassification, RESNET), (ViTForImageClassification, VIT)],
    ids=["resnet", "vit"],
)
def test_an_image_tower_starts_from_a_classifier(
    kind: type[PreTrainedModel], settings: dict[str, Any], tmp_path: Path
) -> None:
    model = saved(tmp_path, kind, settings)
    start = pretrained_image_tower(tmp_path, 32)
    config = replace(SMALL, image=start.config)
    encoder = DualEncoder(DualEncoderConfig.from_json(json.loads(json.dumps(config.to_json())))).eval()
    encoder.image_tower.load_state_dict(start.weights)
    with torch.no_grad():
        output = model.base_model(pixel_values=PIXELS)
        expected = output.last_hidden_state[:, 0] if kind is ViTForImageClassification else output.pooler_output
        torch.testing.assert_close(encoder.image_tower(PIXELS), expected.flatten(1))
    mean, std = start.normalisation.mean_and_std()
    assert (mean, std) == (pytest.approx(MEAN), pytest.approx(STD))


@pytest.mark.parametrize(
    ("kind", "settings", "text"),
    [
        (BertForMaskedLM, BERT, TextBackboneConfig(12, "first", {})),
        (GPT2LMHeadModel, GPT2, TextBackboneConfig(12, "last", {})),
    ],
    ids=["bert", "gpt2"],
)
def test_a_text_tower_starts_from_a_language_model(
    kind: type[PreTrainedModel], settings: dict[str, Any], text: TextBackboneConfig, tmp_path: Path
) -> None:
    model = saved(tmp_path, kind, settings)
    start = pretrained_text_tower(tmp_path, text)
    assert isinstance(start.config, TextBackboneConfig)
    assert (start.config.context, start.config.pooling) == (12, text.pooling)
    config = replace(SMALL, text=start.config)
    encoder = DualEncoder(DualEncoderConfig.from_json(json.loads(json.dumps(config.to_json())))).train()
    encoder.text_tower.load_state_dict(start.weights)
    with torch.no_grad():
        states = model.base_model(input_ids=TOKENS, attention_mask=MASK).last_hidden_state
        places = MASK.sum(1) - 1 if text.pooling == "last" else torch.zeros(3, dtype=torch.long)
        # In training mode too: there is no dropout, so that a step can be computed twice.
        torch.testing.assert_close(encoder.text_tower(TOKENS, MASK), states[torch.arange(3), places])


def test_both_towers_start_from_a_dual_encoder(tmp_path: Path) -> None:
    folder = folders.save(tmp_path / "model", "modified-resnet+transformer")
    whole = folders.encoder("modified-resnet+transformer")
    image, text = pretrained_image_tower(folder, 32), pretrained_text_tower(folder, SMALL.text)
    encoder = DualEncoder(DualEncoderConfig(image.config, text.config, 8))
    encoder.image_tower.load_state_dict(image.weights)
    encoder.text_tower.load_state_dict(text.weights)
    assert image.normalisation == folders.NORMALISATION
    assert text.tokenizer is not None
    assert text.tokenizer.encode("a dog").ids == folders.tokenizer().encode("a dog").ids
    for name, weights in whole.state_dict().items():
        if "tower" in name:
            torch.testing.assert_close(encoder.state_dict()[name], weights)


def test_a_tower_that_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    resnet, bert, torn = tmp_path / "resnet", tmp_path / "bert", tmp_path / "torn"
    saved(resnet, ResNetForImageClassification, RESNET)
    saved(bert, BertForMaskedLM, BERT)
    saved(torn, ResNetForImageClassification, RESNET)
    (torn / "preprocessor_config.json").write_text("{}")
    with pytest.raises(ModelUnsupportedError, match="reads texts"):
        pretrained_image_tower(bert, 32)
    with pytest.raises(ModelUnsupportedError, match="reads no texts"):
        pretrained_text_tower(resnet, TextBackboneConfig(12, "first", {}))
    with pytest.raises(ModelUnsupportedError, match="CLIP's own text tower"):
        pretrained_text_tower(bert, SMALL.text)
    with pytest.raises(ModelDamagedError, match="how pixels are normalised"):
        pretrained_image_tower(torn, 32)
    with pytest.raises(ModelMissingError):
        pretrained_image_tower(tmp_path / "nowhere", 32)
    AutoModel.from_config(AutoConfig.for_model(**{**RESNET, "depths": [1, 1]})).save_pretrained(resnet)
    config = json.loads((resnet / "config.json").read_text())
    (resnet / "config.json").write_text(json.dumps({**config, "depths": [1, 2]}))
    with pytest.raises(ModelDamagedError, match="of its weights are missing"):
        pretrained_image_tower(resnet, 32)
