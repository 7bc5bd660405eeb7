"""Tiny captioners and a tiny matcher, written to disk as transformers writes real ones: random weights, real code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    GitConfig,
    GitForCausalLM,
    PreTrainedModel,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)
from transformers.models.bert import BertConfig
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from tests.embedding.checkpoints import bert_tokenizer

VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}


def _blip_config() -> tuple[BlipConfig, object]:
    tokenizer = bert_tokenizer()
    text = {
        **TEXT,
        "vocab_size": len(tokenizer) + 2,  # two more than the tokenizer knows, of which one begins a caption
        "encoder_hidden_size": 32,
        "bos_token_id": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
    }
    return BlipConfig(text_config=text, vision_config=VISION, projection_dim=16, image_text_hidden_size=16), tokenizer


def blip(folder: Path) -> None:
    config, tokenizer = _blip_config()
    _save(folder, BlipForConditionalGeneration(config), tokenizer, BlipImageProcessorPil(size=_square(32)))


def blip_matcher(folder: Path) -> None:
    config, tokenizer = _blip_config()
    _save(folder, BlipForImageTextRetrieval(config), tokenizer, BlipImageProcessorPil(size=_square(32)))


def git(folder: Path) -> None:
    tokenizer = bert_tokenizer()
    config = GitConfig(
        vision_config=VISION,
        **TEXT,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=_square(32))
    _save(folder, GitForCausalLM(config), tokenizer, processor)


def encoder_decoder(folder: Path) -> None:
    """A ViT that a BERT with cross-attention reads from."""
    tokenizer = bert_tokenizer()
    decoder = BertConfig(**TEXT, vocab_size=len(tokenizer), is_decoder=True, add_cross_attention=True)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(ViTConfig(**VISION), decoder)
    for where in (config, config.decoder):
        where.decoder_start_token_id = tokenizer.cls_token_id
        where.bos_token_id = tokenizer.cls_token_id
        where.eos_token_id = tokenizer.sep_token_id
        where.pad_token_id = tokenizer.pad_token_id
    processor = ViTImageProcessorPil(size=_square(32))
    _save(folder, VisionEncoderDecoderModel(config), tokenizer, processor)


MODELS: dict[str, Callable[[Path], None]] = {
    "blip": blip,
    "git": git,
    "encoder-decoder": encoder_decoder,
    "matcher": blip_matcher,
}
CAPTIONERS = ("blip", "git", "encoder-decoder")


def tiny(name: str, tmp: pytest.TempPathFactory) -> Path:
    """The folder of a tiny checkpoint, made once in a run of the tests."""
    folder = tmp.getbasetemp() / "captioners" / name
    if not folder.exists():
        MODELS[name](folder)
    return folder


def _square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _save(folder: Path, model: PreTrainedModel, tokenizer: object, processor: object) -> None:
    """Spread the weights, so that what goes in makes a difference to what comes out, and write everything."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=3 * parameter[0].numel() ** -0.5)
            elif name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)
