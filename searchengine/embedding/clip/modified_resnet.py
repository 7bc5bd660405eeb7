"""The ResNet of CLIP: three convolutions as a stem, strides that don't alias, and attention in the place of pooling.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 2.4; after He et
al., "Bag of Tricks for Image Classification", 2018, and Zhang, "Making Convolutional Networks Shift-Invariant Again",
2019.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from searchengine.embedding.clip.config import ModifiedResNetConfig

EXPANSION = 4
"""How many times as many channels leave a bottleneck as its 3 × 3 convolution has."""


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolutions, added to the input; a stride is an average before a convolution."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        channels_out = channels * EXPANSION
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(channels, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out))
            if stride > 1 or channels_in != channels_out
            else nn.Identity()
        )
        nn.init.zeros_(self.bn3.weight)  # so that a block begins as doing nothing

    def forward(self, x: Tensor) -> Tensor:
        """Float (n, channels_in, height, width) to float (n, 4 · channels, height / stride, width / stride)."""
        y = relu(self.bn1(self.conv1(x)))  # (n, channels, height, width)
        y = relu(self.bn2(self.conv2(y)))  # (n, channels, height, width)
        y = self.bn3(self.conv3(self.pool(y)))  # (n, 4 · channels, height / stride, width / stride)
        shortcut = self.downsample(self.pool(x))  # (n, 4 · channels, height / stride, width / stride)
        return relu(y + shortcut)


class AttentionPooling(nn.Module):
    """One query, the mean of all places, asks all places. What follows it, a linear map, is the dual encoder's."""

    def __init__(self, places: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position_embedding = nn.Parameter(torch.randn(places + 1, width) * width**-0.5)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        for linear in (self.query, self.key, self.value):
            nn.init.normal_(linear.weight, std=width**-0.5)

    def forward(self, maps: Tensor) -> Tensor:
        """Float (n, width, rows, columns) to float (n, width)."""
        places = maps.flatten(2).transpose(1, 2)  # (n, rows · columns, width)
        mean = places.mean(1, keepdim=True)  # (n, 1, width)
        tokens = torch.cat([mean, places], dim=1) + self.position_embedding  # (n, 1 + places, width)
        mixed = scaled_dot_product_attention(
            self._heads(self.query(tokens[:, :1])),  # (n, heads, 1, width / heads)
            self._heads(self.key(tokens)),  # (n, heads, 1 + places, width / heads)
            self._heads(self.value(tokens)),  # as the keys
        )  # (n, heads, 1, width / heads)
        return mixed.flatten(1)  # (n, width)

    def _heads(self, x: Tensor) -> Tensor:
        """Float (n, tokens, width) to float (n, heads, tokens, width / heads)."""
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class ModifiedResNet(nn.Module):
    """Pictures to features, 32 times as many as the stem has channels."""

    def __init__(self, config: ModifiedResNetConfig) -> None:
        super().__init__()
        stem = config.width
        self.width = 32 * stem
        self.conv1 = nn.Conv2d(3, stem // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem // 2)
        self.conv2 = nn.Conv2d(stem // 2, stem // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(stem // 2)
        self.conv3 = nn.Conv2d(stem // 2, stem, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(stem)
        self.pool = nn.AvgPool2d(2)
        self.layer1 = _stage(stem, stem, config.blocks[0], stride=1)
        self.layer2 = _stage(4 * stem, 2 * stem, config.blocks[1], stride=2)
        self.layer3 = _stage(8 * stem, 4 * stem, config.blocks[2], stride=2)
        self.layer4 = _stage(16 * stem, 8 * stem, config.blocks[3], stride=2)
        self.attention_pooling = AttentionPooling((config.image_size // 32) ** 2, self.width, config.heads)

    def forward(self, pixels: Tensor) -> Tensor:
        """Float (n, 3, image_size, image_size), normalised, to float (n, 32 · width)."""
        x = relu(self.bn1(self.conv1(pixels)))  # (n, width / 2, image_size / 2, image_size / 2)
        x = relu(self.bn2(self.conv2(x)))  # (n, width / 2, image_size / 2, image_size / 2)
        x = relu(self.bn3(self.conv3(x)))  # (n, width, image_size / 2, image_size / 2)
        x = self.pool(x)  # (n, width, image_size / 4, image_size / 4)
        x = self.layer1(x)  # (n, 4 · width, image_size / 4, image_size / 4)
        x = self.layer2(x)  # (n, 8 · width, image_size / 8, image_size / 8)
        x = self.layer3(x)  # (n, 16 · width, image_size / 16, image_size / 16)
        x = self.layer4(x)  # (n, 32 · width, image_size / 32, image_size / 32)
        features: Tensor = self.attention_pooling(x)  # (n, 32 · width)
        return features


def _stage(channels_in: int, channels: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(channels_in, channels, stride)
    return nn.Sequential(first, *(Bottleneck(channels * EXPANSION, channels, 1) for _ in range(blocks - 1)))
