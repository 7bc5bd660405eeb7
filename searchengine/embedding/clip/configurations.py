"""The dual encoders that can be trained by name: recipes that students build, each also in a size for a laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ImageBackboneConfig,
    TextBackboneConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One recipe: its architecture and its kind of tokenizer."""

    name: str
    title: str
    model: DualEncoderConfig
    tokenizer: Literal["clip", "bert", "gpt2"]


def with_vocabulary(model: DualEncoderConfig, vocabulary: int) -> DualEncoderConfig:
    """The same dual encoder for a tokenizer of `vocabulary` tokens."""
    text = model.text
    if isinstance(text, TextTransformerConfig):
        return replace(model, text=replace(text, vocabulary=vocabulary))
    return replace(model, text=replace(text, transformers={**text.transformers, "vocab_size": vocabulary}))


def _gpt2(vocabulary: int, context: int, width: int, layers: int, heads: int, spread: float = 0.02) -> dict[str, Any]:
    """`spread` is the standard deviation of the first weights: a narrow GPT-2 with small ones hardly sees its words."""
    sizes = {"vocab_size": vocabulary, "n_positions": context, "n_embd": width, "n_layer": layers, "n_head": heads}
    no_dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    return {
        "model_type": "gpt2",
        **sizes,
        **no_dropout,
        "initializer_range": spread,
        "bos_token_id": None,
        "eos_token_id": None,
    }


def _bert(vocabulary: int, context: int, width: int, layers: int, heads: int) -> dict[str, Any]:
    sizes = {
        "vocab_size": vocabulary,
        "max_position_embeddings": context,
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }
    return {"model_type": "bert", **sizes, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def _resnet(stem: int, stages: list[int], depths: list[int], block: Literal["basic", "bottleneck"]) -> dict[str, Any]:
    sizes = {"embedding_size": stem, "hidden_sizes": stages, "depths": depths, "layer_type": block}
    return {"model_type": "resnet", **sizes}


TINY_VOCABULARY = 8192
TINY_CONTEXT = 32

_ALL = (
    Configuration(
        "vit-b16+gpt2",
        "ViT-B/16 with a norm on its patches, and a GPT-2 of 512 × 12 × 8",
        DualEncoderConfig(
            VisionTransformerConfig(224, 16, 768, 12, 12, "gelu", patch_norm=True),
            TextBackboneConfig(77, "last", _gpt2(50257, 77, 512, 12, 8)),
            dim=512,
        ),
        tokenizer="gpt2",
    ),
    Configuration(
        "vit-b16+gpt2-tiny",
        "a small ViT with a norm on its patches, and a small GPT-2",
        DualEncoderConfig(
            VisionTransformerConfig(64, 8, 192, 6, 3, "gelu", patch_norm=True),
            TextBackboneConfig(TINY_CONTEXT, "last", _gpt2(TINY_VOCABULARY, TINY_CONTEXT, 192, 4, 3, spread=0.07)),
            dim=192,
        ),
        tokenizer="gpt2",
    ),
    Configuration(
        "resnet50+bert",
        "ResNet-50 and BERT, 2048 and 768 features projected to 512",
        DualEncoderConfig(
            ImageBackboneConfig(224, _resnet(64, [256, 512, 1024, 2048], [3, 4, 6, 3], "bottleneck")),
            TextBackboneConfig(77, "first", _bert(30522, 512, 768, 12, 12)),
            dim=512,
        ),
        tokenizer="bert",
    ),
    Configuration(
        "resnet50+bert-tiny",
        "a small ResNet and a small BERT",
        DualEncoderConfig(
            ImageBackboneConfig(64, _resnet(32, [32, 64, 128, 256], [2, 2, 2, 2], "basic")),
            TextBackboneConfig(TINY_CONTEXT, "first", _bert(TINY_VOCABULARY, TINY_CONTEXT, 192, 4, 3)),
            dim=192,
        ),
        tokenizer="bert",
    ),
    Configuration(
        "vit-b16+transformer",
        "ViT-B/16 and CLIP's own text transformer, as OpenAI's ViT-B/16",
        DualEncoderConfig(
            VisionTransformerConfig(224, 16, 768, 12, 12, "quick_gelu"),
            TextTransformerConfig(512, 12, 8, "quick_gelu"),
            dim=512,
        ),
        tokenizer="clip",
    ),
    Configuration(
        "vit-b16+transformer-tiny",
        "a small ViT and a small text transformer",
        DualEncoderConfig(
            VisionTransformerConfig(64, 8, 192, 6, 3, "quick_gelu"),
            TextTransformerConfig(192, 4, 3, "quick_gelu", vocabulary=TINY_VOCABULARY, context=TINY_CONTEXT),
            dim=192,
        ),
        tokenizer="clip",
    ),
)

CONFIGURATIONS: Mapping[str, Configuration] = {configuration.name: configuration for configuration in _ALL}
"""By name."""
