"""Tiny dual encoders of every kind of tower, saved as this program saves one: random weights, a real tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ImageBackboneConfig,
    ModifiedResNetConfig,
    TextBackboneConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.folder import save_dual_encoder
from searchengine.embedding.preprocessing import Normalisation, Preprocessing
from tests.embedding.tiny import byte_pairs

VOCABULARY = 400
RESNET = ImageBackboneConfig(
    32, {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
)
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
BERT = TextBackboneConfig(20, "first", {"model_type": "bert", "vocab_size": VOCABULARY, **SMALL})
GPT2 = TextBackboneConfig(
    20, "last", {"model_type": "gpt2", "vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4}
)
VIT = VisionTransformerConfig(32, 8, 32, 2, 4, "quick_gelu")
TRANSFORMER = TextTransformerConfig(32, 2, 4, "quick_gelu", VOCABULARY, 20)

ENCODERS: Mapping[str, DualEncoderConfig] = {
    "vit+transformer": DualEncoderConfig(VIT, TRANSFORMER, 24),
    "modified-resnet+transformer": DualEncoderConfig(ModifiedResNetConfig(64, (1, 1, 1, 1), 8, 4), TRANSFORMER, 24),
    "resnet+bert": DualEncoderConfig(RESNET, BERT, 24),
    "vit+gpt2": DualEncoderConfig(VIT, GPT2, 24),
}
NORMALISATION = Normalisation((0.015, 0.0151, 0.0145), (-1.8, -1.75, -1.48))


def encoder(name: str) -> DualEncoder:
    return random_encoder(ENCODERS[name])


def random_encoder(config: DualEncoderConfig) -> DualEncoder:
    """One whose vectors differ from picture to picture; its weights are spread further than a new one's."""
    torch.manual_seed(5)
    made = DualEncoder(config)
    with torch.no_grad():
        for weights in made.parameters():
            if weights.ndim > 1:
                torch.nn.init.normal_(weights, std=1.5 * weights[0].numel() ** -0.5)
        for module in made.modules():
            if isinstance(module, torch.nn.BatchNorm2d):  # some are zero in a new one, which would hide what is before
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return made.eval()


def tokenizer() -> Tokenizer:
    """Whose end-of-text token is the highest, as CLIP's; 399 tokens and that one."""
    made = byte_pairs(start="<s>", end="</s>", pad="</s>", lowercase=True)
    made.enable_truncation(20)
    made.enable_padding(pad_id=made.token_to_id("</s>"), pad_token="</s>")
    return made


def save(folder: Path, name: str = "vit+transformer", languages: tuple[str, ...] = ("en",)) -> Path:
    side = ENCODERS[name].image.image_size
    preprocessing = Preprocessing(side, side, "shortest", side, "bicubic")
    save_dual_encoder(folder, encoder(name), preprocessing, NORMALISATION, tokenizer(), languages)
    return folder
