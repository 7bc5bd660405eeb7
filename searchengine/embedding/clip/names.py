"""What each weight of a `DualEncoder` is called in OpenAI's checkpoints and in those of the transformers library.

Every weight is listed, so that a checkpoint which lacks one or has one more is noticed. Nothing here knows files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ModifiedResNetConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.errors import ModelUnsupportedError

COUNTER = "num_batches_tracked"
"""What a batch norm counts in training; a checkpoint may leave it out."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight of ours, and what it is made of in another format."""

    ours: str
    theirs: tuple[str, ...]  # more than one: one below the other, along the first axis
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Naming:
    """Another format's names by ours. A `{}` is "weight" as well as "bias"."""

    title: str  # what a person calls the format, at the start of a sentence
    vision_transformer: Mapping[str, str]
    resnet: Mapping[str, str] | None  # None: the format has no such tower
    text_transformer: Mapping[str, str]
    vision_blocks: str  # before a block's names; `{}` is its number
    text_blocks: str
    block: Mapping[str, tuple[str, ...]]
    projections: Mapping[str, str]  # of towers of transformers
    transposed: bool  # whether those projections are


OPENAI = Naming(
    title="A CLIP of OpenAI",
    vision_transformer={
        "class_embedding": "visual.class_embedding",
        "position_embedding": "visual.positional_embedding",
        "patch_embedding.weight": "visual.conv1.weight",
        "embedding_norm.{}": "visual.ln_pre.{}",
        "final_norm.{}": "visual.ln_post.{}",
    },
    resnet={
        "attention_pooling.position_embedding": "visual.attnpool.positional_embedding",
        "attention_pooling.query.{}": "visual.attnpool.q_proj.{}",
        "attention_pooling.key.{}": "visual.attnpool.k_proj.{}",
        "attention_pooling.value.{}": "visual.attnpool.v_proj.{}",
    },
    text_transformer={
        "token_embedding.weight": "token_embedding.weight",
        "position_embedding": "positional_embedding",
        "final_norm.{}": "ln_final.{}",
    },
    vision_blocks="visual.transformer.resblocks.{}.",
    text_blocks="transformer.resblocks.{}.",
    block={
        "attention_norm.{}": ("ln_1.{}",),
        "attention.in_projection.{}": ("attn.in_proj_{}",),
        "attention.out_projection.{}": ("attn.out_proj.{}",),
        "perceptron_norm.{}": ("ln_2.{}",),
        "perceptron.widen.{}": ("mlp.c_fc.{}",),
        "perceptron.narrow.{}": ("mlp.c_proj.{}",),
    },
    projections={"image_projection.weight": "visual.proj", "text_projection.weight": "text_projection"},
    transposed=True,
)

TRANSFORMERS = Naming(
    title="A CLIP of the transformers library",
    vision_transformer={
        "class_embedding": "vision_model.embeddings.class_embedding",
        "position_embedding": "vision_model.embeddings.position_embedding.weight",
        "patch_embedding.weight": "vision_model.embeddings.patch_embedding.weight",
        "embedding_norm.{}": "vision_model.pre_layrnorm.{}",
        "final_norm.{}": "vision_model.post_layernorm.{}",
    },
    resnet=None,
    text_transformer={
        "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
        "position_embedding": "text_model.embeddings.position_embedding.weight",
        "final_norm.{}": "text_model.final_layer_norm.{}",
    },
    vision_blocks="vision_model.encoder.layers.{}.",
    text_blocks="text_model.encoder.layers.{}.",
    block={
        "attention_norm.{}": ("layer_norm1.{}",),
        "attention.in_projection.{}": ("self_attn.q_proj.{}", "self_attn.k_proj.{}", "self_attn.v_proj.{}"),
        "attention.out_projection.{}": ("self_attn.out_proj.{}",),
        "perceptron_norm.{}": ("layer_norm2.{}",),
        "perceptron.widen.{}": ("mlp.fc1.{}",),
        "perceptron.narrow.{}": ("mlp.fc2.{}",),
    },
    projections={
        "image_projection.weight": "visual_projection.weight",
        "text_projection.weight": "text_projection.weight",
    },
    transposed=False,
)


def weight_names(config: DualEncoderConfig, naming: Naming) -> list[Weight]:
    """Every weight but the logit bias, which neither format has.

    Raises ModelUnsupportedError for towers that the format can't hold.
    """
    image, text = config.image, config.text
    names = [Weight("logit_scale", ("logit_scale",))]
    if isinstance(image, VisionTransformerConfig) and not image.patch_norm:
        names += _plain("image_tower.", naming.vision_transformer)
        names += _blocks("image_tower.", naming.vision_blocks, naming.block, image.layers)
        names += _projection("image_projection.weight", naming)
    elif isinstance(image, ModifiedResNetConfig) and naming.resnet is not None:
        names += _plain("image_tower.", naming.resnet)
        names += _convolutions(image.blocks)
        names += _plain("", {"image_projection.{}": "visual.attnpool.c_proj.{}"})
    else:
        raise _no_place(naming, "image tower", image)
    if not isinstance(text, TextTransformerConfig):
        raise _no_place(naming, "text tower", text)
    names += _plain("text_tower.", naming.text_transformer)
    names += _blocks("text_tower.", naming.text_blocks, naming.block, text.layers)
    return [*names, *_projection("text_projection.weight", naming)]


def from_theirs(names: Sequence[Weight], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of theirs as one of ours, in float32. Raises KeyError for a weight that it lacks."""
    ours = {}
    for weight in names:
        if weight.ours.endswith(COUNTER):
            ours[weight.ours] = state.get(weight.theirs[0], torch.tensor(0))
            continue
        parts = [state[name].float() for name in weight.theirs]
        tensor = parts[0] if len(parts) == 1 else torch.cat(parts)
        ours[weight.ours] = tensor.T.contiguous() if weight.transposed else tensor
    return ours


def to_theirs(names: Sequence[Weight], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of ours as one of theirs."""
    theirs = {}
    for weight in names:
        tensor = state[weight.ours].T if weight.transposed else state[weight.ours]
        parts = tensor.chunk(len(weight.theirs)) if len(weight.theirs) > 1 else [tensor]
        for name, part in zip(weight.theirs, parts, strict=True):
            theirs[name] = part.clone(memory_format=torch.contiguous_format)
    return theirs


def _plain(tower: str, names: Mapping[str, str]) -> Iterator[Weight]:
    for ours, theirs in names.items():
        for kind in ("weight", "bias") if "{}" in ours else ("",):
            yield Weight(tower + ours.format(kind), (theirs.format(kind),))


def _blocks(tower: str, place: str, names: Mapping[str, tuple[str, ...]], layers: int) -> Iterator[Weight]:
    for number in range(layers):
        for ours, theirs in names.items():
            for kind in ("weight", "bias"):
                full = tuple(place.format(number) + name.format(kind) for name in theirs)
                yield Weight(f"{tower}transformer.blocks.{number}.{ours.format(kind)}", full)


def _projection(ours: str, naming: Naming) -> Iterator[Weight]:
    yield Weight(ours, (naming.projections[ours],), naming.transposed)


def _convolutions(blocks: Sequence[int]) -> Iterator[Weight]:
    """The convolutions and batch norms of a ResNet, which are called alike in both."""
    places = [""]
    for stage, count in enumerate(blocks, start=1):
        places += [f"layer{stage}.{block}." for block in range(count)]
    pairs = [(f"{place}conv{i}", f"{place}bn{i}") for place in places for i in (1, 2, 3)]
    shortcuts = [f"layer{stage}.0.downsample." for stage in range(1, len(blocks) + 1)]
    for convolution, norm in [*pairs, *((f"{place}0", f"{place}1") for place in shortcuts)]:
        for name in (f"{convolution}.weight", *(f"{norm}.{part}" for part in _BATCH_NORM)):
            yield Weight(f"image_tower.{name}", (f"visual.{name}",))


_BATCH_NORM = ("weight", "bias", "running_mean", "running_var", COUNTER)


def _no_place(naming: Naming, which: str, tower: object) -> ModelUnsupportedError:
    return ModelUnsupportedError(
        f"{naming.title} has no place for the {which} of this model ({type(tower).__name__.removesuffix('Config')}).",
        "`--to searchengine` keeps every model.",
    )
