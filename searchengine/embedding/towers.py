"""The two towers of a checkpoint as PyTorch modules with the inputs and outputs that every runtime has.

What runs them (ONNX Runtime after an export, PyTorch on a GPU) is elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from searchengine.embedding.preprocessing import Normalisation


class ImageTower(nn.Module):
    """Pictures, uint8 (n, height, width, 3), to vectors (n, dim), not yet of unit length."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, model: Any, normalisation: Normalisation) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("scale", torch.tensor(normalisation.scale).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(normalisation.shift).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        channels_first = pixels.permute(0, 3, 1, 2).to(self.scale.dtype)  # (n, 3, height, width), 0 to 255
        normalised = channels_first * self.scale + self.shift
        vectors: torch.Tensor = self.model.get_image_features(pixel_values=normalised).pooler_output
        return vectors


class TextTower(nn.Module):
    """Tokens, input_ids and attention_mask, int64 (n, tokens), to vectors (n, dim), not yet of unit length."""

    def __init__(self, model: Any, *, masks_padding: bool) -> None:
        super().__init__()
        self.model = model
        self.masks_padding = masks_padding

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mask = attention_mask if self.masks_padding else None
        vectors: torch.Tensor = self.model.get_text_features(input_ids=input_ids, attention_mask=mask).pooler_output
        return vectors


class Towers:
    """Both towers of one model, ready to encode."""

    def __init__(self, model: Any, normalisation: Normalisation, *, masks_padding: bool) -> None:
        # eval() on the towers too: the exporter goes by them, and in training mode would keep the dropout.
        self.image = ImageTower(model, normalisation).eval()
        self.text = TextTower(model, masks_padding=masks_padding).eval()
