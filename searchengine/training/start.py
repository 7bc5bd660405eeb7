"""Where a training begins: the dual encoder of a configuration with random weights, or with towers trained before."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer

from searchengine.embedding.clip.config import DualEncoderConfig
from searchengine.embedding.clip.configurations import Configuration, with_vocabulary
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.pretrained import (
    PretrainedImageTower,
    PretrainedTextTower,
    pretrained_image_tower,
    pretrained_text_tower,
)
from searchengine.embedding.preprocessing import MEAN, STD, Normalisation, Preprocessing


@dataclass(frozen=True, slots=True)
class Start:
    """A configuration, in which pretrained towers have taken the places of its own."""

    model: DualEncoderConfig
    image: PretrainedImageTower | None
    text: PretrainedTextTower | None

    @classmethod
    def of(cls, configuration: Configuration, image_tower: Path | None, text_tower: Path | None) -> Start:
        """With the towers in these folders, if any. Raises as `pretrained.py`."""
        model = configuration.model
        image = None if image_tower is None else pretrained_image_tower(image_tower, model.image.image_size)
        text = None if text_tower is None else pretrained_text_tower(text_tower, model.text)
        if image is not None:
            model = replace(model, image=image.config)
        if text is not None:
            model = replace(model, text=text.config)
        return cls(model, image, text)

    @property
    def preprocessing(self) -> Preprocessing:
        """The whole picture, its aspect not kept: nothing that its caption speaks of is cut off."""
        side = self.model.image.image_size
        return Preprocessing(side, side, "squash", side, "bicubic")

    @property
    def normalisation(self) -> Normalisation:
        """What the image tower knows; for a new one, that of the photos that OpenAI's CLIP learnt from."""
        return Normalisation.of(MEAN, STD) if self.image is None else self.image.normalisation

    def encoder(self, tokenizer: Tokenizer, seed: int, loss: Literal["contrastive", "sigmoid"]) -> DualEncoder:
        """One whose new weights the seed decides, with the temperature that the loss starts from."""
        model = self.model
        if self.text is None:  # a new one has as many words as its tokenizer
            model = with_vocabulary(model, tokenizer.get_vocab_size())
        torch.manual_seed(seed)
        encoder = DualEncoder(model)
        if self.image is not None:
            encoder.image_tower.load_state_dict(self.image.weights)
        if self.text is not None:
            encoder.text_tower.load_state_dict(self.text.weights)
        if loss == "sigmoid":
            with torch.no_grad():  # Zhai et al., 2023, section 3.2
                encoder.logit_scale.fill_(math.log(10))
                encoder.logit_bias.fill_(-10)
        return encoder
