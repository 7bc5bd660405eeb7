"""What differs between the families of dual encoders that the transformers library knows, as data.

Everything else (which classes to load, where a sentence is pooled, how pixels are normalised) is said by the checkpoint
itself and done alike for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from searchengine.errors import ModelUnsupportedError


@dataclass(frozen=True, slots=True)
class Family:
    """One architecture, and how its texts are brought to it."""

    name: str  # as its authors write it
    model_type: str  # in the checkpoint's config.json
    processor: str  # the class in transformers that reads how pictures are prepared; older checkpoints misname it
    pads_fully: bool = False  # every sentence is padded to the full length, as it was in training
    masks_padding: bool = True  # the text tower is told which tokens are padding
    lowercases: bool = False  # in training, whether or not the checkpoint's tokenizer does
    longest: int | None = None  # tokens in a sentence, where that is fewer than the text tower has positions for
    reserved_positions: int = 0  # positions that hold no token: RoBERTa counts from the padding's id


FAMILIES = {
    family.model_type: family
    for family in (
        Family("CLIP", "clip", "CLIPImageProcessorPil"),
        # SigLIP 2 at a fixed resolution is of this type too; it differs in its tokenizer, which is Gemma's.
        Family("SigLIP", "siglip", "SiglipImageProcessorPil", pads_fully=True, masks_padding=False, lowercases=True),
        Family("ALIGN", "align", "EfficientNetImageProcessorPil", longest=64),
        Family("Chinese-CLIP", "chinese_clip", "ChineseCLIPImageProcessorPil"),
        Family("AltCLIP", "altclip", "CLIPImageProcessorPil", reserved_positions=2),
    )
}
"""By the `model_type` of a checkpoint."""

NAFLEX = "siglip2"
"""The `model_type` of the variants of SigLIP 2 that read each picture at its own resolution."""


def family_of(model_type: str, model: str) -> Family:
    """The family of a `model_type`. `model` is what the person called it. Raises ModelUnsupportedError."""
    if model_type not in FAMILIES:
        raise unsupported(model_type, model)
    return FAMILIES[model_type]


def unsupported(model_type: str, model: str) -> ModelUnsupportedError:
    """The error for a model that this program doesn't run, with what to take instead."""
    if model_type == NAFLEX:
        return ModelUnsupportedError(
            f"{model} is a NaFlex variant of SigLIP 2, which this program doesn't run.",
            "Take one with a fixed resolution, such as google/siglip2-base-patch32-256.",
        )
    return ModelUnsupportedError(
        f"{model} is a {model_type} model, which this program doesn't run.",
        f"It runs {', '.join(family.name for family in FAMILIES.values())}.",
    )
