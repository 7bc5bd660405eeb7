"""The vision transformer of CLIP: a picture as a sentence of patches, without a classification head.

Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020, with the layer norm before the blocks that CLIP adds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from searchengine.embedding.clip.config import VisionTransformerConfig
from searchengine.embedding.clip.transformer import LayerNorm, Transformer


class VisionTransformer(nn.Module):
    """Pictures to features, those of the class token after the last block."""

    def __init__(self, config: VisionTransformerConfig) -> None:
        super().__init__()
        self.width = config.width
        patches = (config.image_size // config.patch) ** 2
        self.patch_embedding = nn.Conv2d(3, config.width, config.patch, config.patch, bias=False)
        self.patch_norm = LayerNorm(config.width) if config.patch_norm else nn.Identity()
        self.class_embedding = nn.Parameter(torch.randn(config.width) * config.width**-0.5)
        self.position_embedding = nn.Parameter(torch.randn(patches + 1, config.width) * config.width**-0.5)
        self.embedding_norm = LayerNorm(config.width)
        self.transformer = Transformer(config.width, config.layers, config.heads, config.activation, causal=False)
        self.final_norm = LayerNorm(config.width)

    def forward(self, pixels: Tensor) -> Tensor:
        """Float (n, 3, image_size, image_size), normalised, to float (n, width)."""
        maps = self.patch_embedding(pixels)  # (n, width, rows, columns)
        patches = self.patch_norm(maps.flatten(2).transpose(1, 2))  # (n, rows · columns, width)
        first = self.class_embedding.expand(len(patches), 1, -1)  # (n, 1, width)
        tokens = torch.cat([first, patches], dim=1)  # (n, 1 + rows · columns, width)
        x = self.embedding_norm(tokens + self.position_embedding)  # (n, 1 + rows · columns, width)
        x = self.transformer(x)  # (n, 1 + rows · columns, width)
        features: Tensor = self.final_norm(x[:, 0])  # (n, width)
        return features
