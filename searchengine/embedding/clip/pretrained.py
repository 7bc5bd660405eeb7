"""Towers that were trained before, for a dual encoder to start from: its projections are then all that is new.

They come from folders: a backbone of the transformers library (a ResNet, a ViT, BERT, GPT-2), or a dual encoder that
this program can train. Whether they stay as they are (Zhai et al., "LiT: Zero-Shot Transfer with Locked-image text
Tuning", 2021) or learn on, training decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import Tensor

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.checkpoint_files import CONFIG, damaged, read_json
from searchengine.embedding.clip.config import ImageBackboneConfig, ImageConfig, TextBackboneConfig, TextConfig
from searchengine.embedding.preprocessing import Normalisation
from searchengine.embedding.transformers_checkpoint import load_model
from searchengine.errors import ModelUnsupportedError, printable

PROCESSOR = "preprocessor_config.json"
OF_NO_USE = {"id2label", "label2id", "architectures", "dtype", "transformers_version"}
"""What a backbone's configuration says of its old head and of how it was saved."""
POOLER = "pooler.dense"
"""Part of the old head, which a tower leaves out."""


@dataclass(frozen=True, slots=True)
class PretrainedImageTower:
    """What an image tower is, its weights, and the pixels that it knows."""

    config: ImageConfig
    weights: Mapping[str, Tensor]  # for `DualEncoder.image_tower.load_state_dict`
    normalisation: Normalisation


@dataclass(frozen=True, slots=True)
class PretrainedTextTower:
    """What a text tower is, its weights, and the tokens that it knows."""

    config: TextConfig
    weights: Mapping[str, Tensor]  # for `DualEncoder.text_tower.load_state_dict`
    tokenizer: Tokenizer | None  # a dual encoder's, complete; a backbone's lies in its folder as the library left it


def pretrained_image_tower(folder: Path, image_size: int) -> PretrainedImageTower:
    """The image tower in `folder`; a convolutional backbone, which takes any size, is given pictures of `image_size`.

    Raises ModelMissingError, ModelDamagedError, ModelUnsupportedError.
    """
    if not _is_backbone(folder):
        loaded = open_checkpoint(folder).dual_encoder()
        return PretrainedImageTower(
            loaded.encoder.config.image, loaded.encoder.image_tower.state_dict(), loaded.normalisation
        )
    settings, weights = _read_backbone(folder)
    if "vocab_size" in settings:
        raise ModelUnsupportedError(f"The model in {printable(folder)} reads texts, so it can't be an image tower.")
    processor = read_json(folder, PROCESSOR)
    try:
        normalisation = Normalisation.of(processor["image_mean"], processor["image_std"])
        config = ImageBackboneConfig(settings.get("image_size", image_size), settings)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder, f"{PROCESSOR} doesn't say how pixels are normalised") from error
    return PretrainedImageTower(config, weights, normalisation)


def pretrained_text_tower(folder: Path, text: TextConfig) -> PretrainedTextTower:
    """The text tower in `folder`; a backbone takes its context, and where it is pooled, from `text`.

    Raises ModelMissingError, ModelDamagedError, and ModelUnsupportedError where there is no such tower or `text` isn't
    a backbone's.
    """
    if not _is_backbone(folder):
        loaded = open_checkpoint(folder).dual_encoder()
        return PretrainedTextTower(loaded.encoder.config.text, loaded.encoder.text_tower.state_dict(), loaded.tokenizer)
    settings, weights = _read_backbone(folder)
    if "vocab_size" not in settings:
        raise ModelUnsupportedError(f"The model in {printable(folder)} reads no texts, so it can't be a text tower.")
    if not isinstance(text, TextBackboneConfig):
        raise ModelUnsupportedError(
            f"The model in {printable(folder)} can't take the place of CLIP's own text tower.",
            "Train a configuration whose text tower is of its kind.",
        )
    return PretrainedTextTower(TextBackboneConfig(text.context, text.pooling, settings), weights, None)


def _is_backbone(folder: Path) -> bool:
    """Whether it is one tower, not two."""
    return (folder / CONFIG).exists() and not {"vision_config", "model"} & read_json(folder, CONFIG).keys()


def _read_backbone(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The JSON of its configuration, without dropout, and its weights as `backbones.py` names them."""
    net = load_model(folder, dispensable=(POOLER,))
    told = {name: value for name, value in net.config.to_dict().items() if name not in OF_NO_USE}
    settings = {name: 0.0 if "drop" in name and isinstance(value, float) else value for name, value in told.items()}
    weights = {f"net.{name}": tensor for name, tensor in net.state_dict().items() if not name.startswith(POOLER)}
    return settings, weights
