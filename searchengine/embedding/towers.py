"""The two towers of a checkpoint as PyTorch modules with the inputs and outputs that every runtime has.

What runs them (ONNX Runtime after an export, PyTorch on a GPU) is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from searchengine.embedding.preprocessing import Normalisation

Encode = Callable[..., torch.Tensor]
"""A model's own way from its inputs to vectors (n, dim)."""


class ImageTower(nn.Module):
    """Pictures, uint8 (n, height, width, 3), to vectors (n, dim) of any length."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, model: nn.Module, encode: Encode, normalisation: Normalisation) -> None:
        super().__init__()
        self.model = model  # so that its weights move with the tower
        self.encode = encode
        self.register_buffer("scale", torch.tensor(normalisation.scale).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(normalisation.shift).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        channels_first = pixels.permute(0, 3, 1, 2).to(self.scale.dtype)  # (n, 3, height, width), 0 to 255
        return self.encode(channels_first * self.scale + self.shift)


class TextTower(nn.Module):
    """Tokens, input_ids and attention_mask, int64 (n, tokens), to vectors (n, dim) of any length."""

    def __init__(self, model: nn.Module, encode: Encode) -> None:
        super().__init__()
        self.model = model
        self.encode = encode

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.encode(input_ids, attention_mask)


class Towers:
    """Both towers of one model, ready to encode."""

    def __init__(self, model: nn.Module, *, images: Encode, texts: Encode, normalisation: Normalisation) -> None:
        """`images` takes normalised pixels, float (n, 3, height, width); `texts` input_ids and attention_mask."""
        # eval() on the towers too: the exporter goes by them, and in training mode would keep the dropout.
        self.image = ImageTower(model, images, normalisation).eval()
        self.text = TextTower(model, texts).eval()
