"""CLIP's of OpenAI's shapes for the tests: state dicts by OpenAI's names, and real TorchScript archives of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ModifiedResNetConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.openai import state_dict_of
from tests.embedding.clip.folders import random_encoder
from tests.embedding.clip.vocabulary import size, write


def _resnet(side: int, blocks: tuple[int, int, int, int], width: int, text: int, dim: int) -> DualEncoderConfig:
    image = ModifiedResNetConfig(side, blocks, width, width // 2)
    return DualEncoderConfig(image, TextTransformerConfig(text, 12, text // 64, "quick_gelu"), dim)


def _vit(side: int, patch: int, width: int, layers: int, text: int) -> DualEncoderConfig:
    image = VisionTransformerConfig(side, patch, width, layers, width // 64, "quick_gelu")
    return DualEncoderConfig(image, TextTransformerConfig(text, 12, text // 64, "quick_gelu"), text)


PUBLISHED: Mapping[str, DualEncoderConfig] = {
    "RN50": _resnet(224, (3, 4, 6, 3), 64, 512, 1024),
    "RN101": _resnet(224, (3, 4, 23, 3), 64, 512, 512),
    "RN50x4": _resnet(288, (4, 6, 10, 6), 80, 640, 640),
    "RN50x16": _resnet(384, (6, 8, 18, 8), 96, 768, 768),
    "RN50x64": _resnet(448, (3, 15, 36, 10), 128, 1024, 1024),
    "ViT-B/32": _vit(224, 32, 768, 12, 512),
    "ViT-B/16": _vit(224, 16, 768, 12, 512),
    "ViT-L/14": _vit(224, 14, 1024, 24, 768),
    "ViT-L/14@336px": _vit(336, 14, 1024, 24, 768),
}
"""The nine, as their paper's tables 19 and 20 and their repository give them."""
PARAMETERS = {  # millions, of open_clip's docs/model_profile.csv
    "RN50": 102.01,
    "RN101": 119.69,
    "RN50x4": 178.3,
    "RN50x16": 290.98,
    "RN50x64": 623.26,
    "ViT-B/32": 151.28,
    "ViT-B/16": 149.62,
    "ViT-L/14": 427.62,
    "ViT-L/14@336px": 427.94,
}


class Tree(nn.Module):
    """Modules in modules with the weights of a state dict, so that TorchScript saves them under their names."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        inside: dict[str, dict[str, Tensor]] = {}
        for name, tensor in state.items():
            first, _, rest = name.partition(".")
            if rest:
                inside.setdefault(first, {})[rest] = tensor
            elif tensor.is_floating_point() and "running" not in name:
                self.register_parameter(first, nn.Parameter(tensor, requires_grad=False))
            else:
                self.register_buffer(first, tensor)
        for name, part in inside.items():
            self.add_module(name, Tree(part))

    def forward(self, x: Tensor) -> Tensor:
        return x


def save_script(state: Mapping[str, Tensor], path: Path, *, traced: bool = False) -> Path:
    """Write a TorchScript archive, as OpenAI's are: `torch.jit` runs it, and its weights lie in half precision."""
    tree = Tree(state).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript altogether; the archives remain
        made = torch.jit.trace(tree, torch.zeros(1)) if traced else torch.jit.script(tree)
        torch.jit.save(made, path)
    return path


def shapes(config: DualEncoderConfig) -> dict[str, tuple[int, ...]]:
    """What each weight of OpenAI's has for a shape, reckoned from the architecture's description alone."""
    image, text = config.image, config.text
    assert isinstance(text, TextTransformerConfig)
    made: dict[str, tuple[int, ...]] = {
        "logit_scale": (),
        "positional_embedding": (77, text.width),
        "text_projection": (text.width, config.dim),
        "token_embedding.weight": (49408, text.width),
        **_norm("ln_final", text.width),
        **_blocks("", text.width, text.layers),
    }
    if isinstance(image, VisionTransformerConfig):
        patches = (image.image_size // image.patch) ** 2
        return made | {
            "visual.class_embedding": (image.width,),
            "visual.positional_embedding": (patches + 1, image.width),
            "visual.conv1.weight": (image.width, 3, image.patch, image.patch),
            "visual.proj": (image.width, config.dim),
            **_norm("visual.ln_pre", image.width),
            **_norm("visual.ln_post", image.width),
            **_blocks("visual.", image.width, image.layers),
        }
    assert isinstance(image, ModifiedResNetConfig)
    return made | _resnet_shapes(image, config.dim)


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _blocks(tower: str, width: int, layers: int) -> dict[str, tuple[int, ...]]:
    made: dict[str, tuple[int, ...]] = {}
    for number in range(layers):
        block = f"{tower}transformer.resblocks.{number}"
        made |= _norm(f"{block}.ln_1", width) | _norm(f"{block}.ln_2", width)
        made |= {f"{block}.attn.in_proj_weight": (3 * width, width), f"{block}.attn.in_proj_bias": (3 * width,)}
        for name, rows, columns in (("attn.out_proj", 1, 1), ("mlp.c_fc", 4, 1), ("mlp.c_proj", 1, 4)):
            made |= {f"{block}.{name}.weight": (rows * width, columns * width), f"{block}.{name}.bias": (rows * width,)}
    return made


def _resnet_shapes(image: ModifiedResNetConfig, dim: int) -> dict[str, tuple[int, ...]]:
    stem, places = image.width, (image.image_size // 32) ** 2
    convolutions = [("conv1", "bn1", 3, stem // 2, 3), ("conv2", "bn2", stem // 2, stem // 2, 3)]
    convolutions.append(("conv3", "bn3", stem // 2, stem, 3))
    channels = stem
    for stage, blocks in enumerate(image.blocks):
        inner = stem * 2**stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}."
            convolutions.append((f"{name}conv1", f"{name}bn1", channels, inner, 1))
            convolutions.append((f"{name}conv2", f"{name}bn2", inner, inner, 3))
            convolutions.append((f"{name}conv3", f"{name}bn3", inner, 4 * inner, 1))
            if block == 0:
                convolutions.append((f"{name}downsample.0", f"{name}downsample.1", channels, 4 * inner, 1))
            channels = 4 * inner
    made: dict[str, tuple[int, ...]] = {"visual.attnpool.positional_embedding": (places + 1, channels)}
    for convolution, norm, before, after, side in convolutions:
        made |= {f"visual.{convolution}.weight": (after, before, side, side), **_norm(f"visual.{norm}", after)}
        made |= {f"visual.{norm}.running_mean": (after,), f"visual.{norm}.running_var": (after,)}
        made[f"visual.{norm}.num_batches_tracked"] = ()
    for name, rows in (("q_proj", channels), ("k_proj", channels), ("v_proj", channels), ("c_proj", dim)):
        made |= {f"visual.attnpool.{name}.weight": (rows, channels), f"visual.attnpool.{name}.bias": (rows,)}
    return made


TEXT = TextTransformerConfig(64, 2, 1, "quick_gelu", size(), 20)
TINY: Mapping[str, DualEncoderConfig] = {
    "resnet": DualEncoderConfig(ModifiedResNetConfig(64, (1, 2, 1, 1), 8, 4), TEXT, 24),
    "vit": DualEncoderConfig(VisionTransformerConfig(32, 8, 64, 2, 1, "quick_gelu"), TEXT, 24),
}
"""Of OpenAI's proportions, heads of 64 included, with the tests' vocabulary."""


def write_open_clip(folder: Path, config: DualEncoderConfig) -> None:
    """Random weights of this architecture, laid out as the hub's repositories for OpenCLIP are."""
    image = config.image
    vision: dict[str, object] = {"image_size": image.image_size, "width": image.width, "patch_size": None}
    if isinstance(image, VisionTransformerConfig):
        vision |= {"layers": image.layers, "patch_size": image.patch}
    elif isinstance(image, ModifiedResNetConfig):
        vision |= {"layers": list(image.blocks)}
    text = {"context_length": 20, "vocab_size": size(), "width": 64, "heads": 1, "layers": 2}
    contents = {
        "model_cfg": {"embed_dim": config.dim, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {
            "mean": [0.48145466, 0.4578275, 0.40821073],
            "std": [0.26862954, 0.26130258, 0.27577711],
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps(contents))
    save_file(state_dict_of(random_encoder(config)), folder / "open_clip_model.safetensors")
    write(folder, "tokenizer.json")
