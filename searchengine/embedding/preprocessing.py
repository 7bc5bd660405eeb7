"""Pixels to a model's input: one function for every model, the same on every machine.

Resizing and cropping happen here, in 8-bit as the reference processors do them with Pillow; scaling to floats and
normalisation belong to the model's graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from searchengine.records import Pixels


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes the input of one model."""

    height: int  # pixels, of the input
    width: int
    resize: str  # "squash": to (height, width), whatever the aspect; "shortest": the shorter side to `resize_to`
    resize_to: int  # pixels; the shorter side before the centre crop, for "shortest"
    resample: str  # "bicubic", "bilinear" or "lanczos"

    def __str__(self) -> str:
        return f"{self.resize}:{self.resize_to}:{self.resample}:{self.height}x{self.width}"


def prepare(pixels: Pixels, how: Preprocessing) -> Pixels:
    """One picture, uint8 (h, w, 3), to uint8 (height, width, 3)."""
    image = Image.fromarray(pixels)
    resample = Image.Resampling[how.resample.upper()]
    if how.resize == "squash":
        return np.asarray(image.resize((how.width, how.height), resample))
    raise NotImplementedError
