"""The transformers library's CLIP with random weights, and its weights under our names: what our towers are held to."""

from __future__ import annotations

import re
from typing import TypeVar

import torch
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

Module = TypeVar("Module", bound=nn.Module)

DIM = 24
WIDTH, LAYERS, HEADS = 32, 3, 4
IMAGE_SIZE, PATCH = 48, 16
VOCABULARY, CONTEXT = 99, 20

SIZES = {
    "hidden_size": WIDTH,
    "intermediate_size": 4 * WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "projection_dim": DIM,
}

RENAMED = (
    (r"^(vision_model|text_model)\.", ""),
    (r"^embeddings\.", ""),
    (r"^encoder\.layers\.", "transformer.blocks."),
    (r"(class_embedding|position_embedding)(\.weight)?$", r"\1"),
    (r"^pre_layrnorm\.", "embedding_norm."),
    (r"^(post_layernorm|final_layer_norm)\.", "final_norm."),
    (r"\.layer_norm1\.", ".attention_norm."),
    (r"\.layer_norm2\.", ".perceptron_norm."),
    (r"\.self_attn\.out_proj\.", ".attention.out_projection."),
    (r"\.mlp\.fc1\.", ".perceptron.widen."),
    (r"\.mlp\.fc2\.", ".perceptron.narrow."),
)


def vision_reference(activation: str) -> CLIPVisionModelWithProjection:
    torch.manual_seed(1)
    config = CLIPVisionConfig(**SIZES, image_size=IMAGE_SIZE, patch_size=PATCH, hidden_act=activation)
    return spread(CLIPVisionModelWithProjection(config)).eval()


def text_reference(activation: str, end_of_text: int) -> CLIPTextModelWithProjection:
    torch.manual_seed(2)
    config = CLIPTextConfig(
        **SIZES,
        vocab_size=VOCABULARY,
        max_position_embeddings=CONTEXT,
        hidden_act=activation,
        eos_token_id=end_of_text,
        bos_token_id=None,
        pad_token_id=None,
    )
    return spread(CLIPTextModelWithProjection(config)).eval()


def tower_weights(reference: nn.Module) -> dict[str, Tensor]:
    """The weights of a tower of the library, without its projection, under the names that ours have."""
    theirs = {name: tensor for name, tensor in reference.state_dict().items() if "_model." in name}
    for name in [name for name in theirs if "q_proj" in name]:
        parts = [theirs.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        theirs[name.replace("self_attn.q_proj", "attention.in_projection")] = torch.cat(parts)
    return {_renamed(name): tensor for name, tensor in theirs.items()}


def spread(model: Module) -> Module:
    """Make every weight matter: as they are initialised, biases are nothing and gains are one."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim < 2:
                parameter += 0.3 * torch.randn_like(parameter)
            else:
                parameter *= 2
    return model


def _renamed(name: str) -> str:
    for pattern, ours in RENAMED:
        name = re.sub(pattern, ours, name)
    return name
