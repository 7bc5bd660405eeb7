"""The dual encoder: an image tower, a text tower, and two projections into one space.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, figure 3. How it is
trained is `training/`'s business, how its checkpoints are read, that of `folder.py`, `openai.py` and
`transformers_clip.py`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from searchengine.embedding.clip.backbones import ImageBackbone, TextBackbone
from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ImageBackboneConfig,
    ImageConfig,
    ModifiedResNetConfig,
    TextBackboneConfig,
    TextConfig,
)
from searchengine.embedding.clip.modified_resnet import ModifiedResNet
from searchengine.embedding.clip.text_transformer import TextTransformer
from searchengine.embedding.clip.transformer import Transformer
from searchengine.embedding.clip.vision_transformer import VisionTransformer

FIRST_SCALE = 1 / 0.07
"""The logit scale before training, the inverse of the temperature that CLIP starts with."""


class DualEncoder(nn.Module):
    """Pictures and sentences to unit vectors in one space, where cosine similarity says how well they fit.

    A new one has random weights, drawn as the architectures' authors did; `torch.manual_seed` decides them.
    """

    def __init__(self, config: DualEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.image_tower = _image_tower(config.image)
        self.text_tower = _text_tower(config.text)
        # Attention pooling ends in a linear map with a bias; here, the projection is that map.
        biased = isinstance(config.image, ModifiedResNetConfig)
        self.image_projection = _projection(self.image_tower.width, config.dim, bias=biased)
        self.text_projection = _projection(self.text_tower.width, config.dim, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))  # log of the inverse temperature
        self.logit_bias = nn.Parameter(torch.tensor(0.0))  # only the sigmoid loss has one

    def encode_images(self, pixels: Tensor) -> Tensor:
        """Pixels, float (n, 3, height, width), normalised, to float32 (n, dim), unit length."""
        features = self.image_tower(pixels.to(self.image_projection.weight.dtype))  # (n, image width)
        return normalize(self.image_projection(features).float(), dim=1)  # (n, dim)

    def encode_texts(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Tokens, int64 (n, t) each, to float32 (n, dim), unit length. `attention_mask` is 0 where there is padding."""
        features = self.text_tower(input_ids, attention_mask)  # (n, text width)
        return normalize(self.text_projection(features).float(), dim=1)  # (n, dim)

    def checkpoint_activations(self, enabled: bool) -> None:
        """Let training compute the insides of transformer blocks twice, rather than keep them in memory.

        Convolutional towers stay as they are: a second pass would count their batch statistics twice.
        """
        for module in self.modules():
            if isinstance(module, Transformer):
                module.checkpointing = enabled
        for tower in (self.image_tower, self.text_tower):
            if isinstance(tower, ImageBackbone | TextBackbone):
                tower.checkpoint_activations(enabled)


def _image_tower(config: ImageConfig) -> VisionTransformer | ModifiedResNet | ImageBackbone:
    if isinstance(config, ModifiedResNetConfig):
        return ModifiedResNet(config)
    if isinstance(config, ImageBackboneConfig):
        return ImageBackbone(config)
    return VisionTransformer(config)


def _text_tower(config: TextConfig) -> TextTransformer | TextBackbone:
    return TextBackbone(config) if isinstance(config, TextBackboneConfig) else TextTransformer(config)


def _projection(width: int, dim: int, *, bias: bool) -> nn.Linear:
    linear = nn.Linear(width, dim, bias=bias)
    nn.init.normal_(linear.weight, std=width**-0.5)
    return linear
