"""What a dual encoder is made of, as plain records: the size of everything, and no weights.

They go to JSON and back, so that a checkpoint's folder says what to build. PyTorch is not imported here: the names of
the configurations are wanted where nothing is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Activation = Literal["gelu", "quick_gelu"]
Pooling = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class VisionTransformerConfig:
    """Our own ViT; `patch_norm` adds a layer norm to the patch embeddings, before the positions come to them."""

    image_size: int  # pixels a side
    patch: int  # pixels a side
    width: int
    layers: int
    heads: int
    activation: Activation
    patch_norm: bool = False


@dataclass(frozen=True, slots=True)
class ModifiedResNetConfig:
    """CLIP's ResNet; its last features have 32 · `width` channels, which `heads` heads of attention pool."""

    image_size: int  # pixels a side, a multiple of 32
    blocks: tuple[int, int, int, int]  # residual blocks of each stage
    width: int  # channels of the stem
    heads: int


@dataclass(frozen=True, slots=True)
class ImageBackboneConfig:
    """An image backbone of the transformers library, by the JSON of its configuration with its `model_type`."""

    image_size: int  # pixels a side
    transformers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TextTransformerConfig:
    """Our own causal transformer, pooled at the end-of-text token."""

    width: int
    layers: int
    heads: int
    activation: Activation
    vocabulary: int = 49408
    context: int = 77  # tokens, at most
    end_of_text: int | None = None  # None: the highest token in a sentence, as OpenAI's tokenizer makes it


@dataclass(frozen=True, slots=True)
class TextBackboneConfig:
    """A text backbone of the transformers library, by the JSON of its configuration with its `model_type`."""

    context: int  # tokens, at most
    pooling: Pooling  # "first": at [CLS], as for BERT; "last": at the last unpadded token, as for GPT-2
    transformers: Mapping[str, Any]


ImageConfig = VisionTransformerConfig | ModifiedResNetConfig | ImageBackboneConfig
TextConfig = TextTransformerConfig | TextBackboneConfig

KINDS: Mapping[str, type[ImageConfig] | type[TextConfig]] = {
    "vision_transformer": VisionTransformerConfig,
    "modified_resnet": ModifiedResNetConfig,
    "image_backbone": ImageBackboneConfig,
    "text_transformer": TextTransformerConfig,
    "text_backbone": TextBackboneConfig,
}
"""What each kind of tower is called in JSON."""


@dataclass(frozen=True, slots=True)
class DualEncoderConfig:
    """Two towers and the length of the vectors that both give."""

    image: ImageConfig
    text: TextConfig
    dim: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, from which `from_json` makes an equal configuration."""
        return {"image": _tower_to_json(self.image), "text": _tower_to_json(self.text), "dim": self.dim}

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> DualEncoderConfig:
        """The configuration that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        image, text = _tower_from_json(json["image"]), _tower_from_json(json["text"])
        if not isinstance(image, ImageConfig) or not isinstance(text, TextConfig):
            raise TypeError("the towers of a dual encoder are one for images and one for texts")
        return cls(image, text, json["dim"])


def _tower_to_json(tower: ImageConfig | TextConfig) -> dict[str, Any]:
    kind = next(kind for kind, config in KINDS.items() if isinstance(tower, config))
    sizes = asdict(tower)
    if isinstance(tower, ModifiedResNetConfig):
        sizes["blocks"] = list(tower.blocks)
    return {"kind": kind, **sizes}


def _tower_from_json(json: Mapping[str, Any]) -> ImageConfig | TextConfig:
    sizes = dict(json)
    kind = sizes.pop("kind")
    if "blocks" in sizes:
        sizes["blocks"] = tuple(sizes["blocks"])
    return KINDS[kind](**sizes)
