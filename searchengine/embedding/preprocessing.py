"""Pixels to a model's input: one function for every model, the same on every machine.

Resizing and cropping happen here, in 8-bit and with Pillow as the reference processors do them, so that the outcome is
theirs; scaling to floats and normalisation belong to the model's graph. Which model wants which of these is known
elsewhere (a checkpoint, or a model folder's `model.json`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from searchengine.records import Pixels

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pixels that CLIP was trained on, 0 to 1, by channel, as OpenAI published them."""
DIGITS = 10
RESIZES = ("squash", "shortest")
RESAMPLES = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Pillow's filters, each at its own number, which is how the configurations of checkpoints name them."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes the input of one model: resized, then cropped around its centre to (height, width).

    Raises ValueError for a size, a resize or a filter that there isn't.
    """

    height: int  # pixels, of the input
    width: int
    resize: str  # "squash": both sides to `resize_to`, whatever the aspect; "shortest": the shorter side to it
    resize_to: int  # pixels, before the crop
    resample: str  # Pillow's filter, in lower case: "bicubic", "bilinear", …

    def __post_init__(self) -> None:
        sizes = (self.height, self.width, self.resize_to)
        if min(sizes) < 1 or self.resize not in RESIZES or self.resample not in RESAMPLES:
            raise ValueError(f"no such preprocessing: {self}")

    @property
    def at_least(self) -> int:
        """Pixels that both sides of a photo decoded at reduced size must keep: twice the input.

        Reduced decoding blurs. At once the input, vectors drift to cosine 0.984; at twice, they stay above 0.995.
        """
        return 2 * max(self.height, self.width, self.resize_to)

    def __str__(self) -> str:
        return f"{self.resize}:{self.resize_to}:{self.resample}:{self.height}x{self.width}"


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How 8-bit pixels become the image tower's input: `pixel * scale + shift`, for each channel."""

    scale: tuple[float, float, float]
    shift: tuple[float, float, float]

    @classmethod
    def of(cls, mean: Sequence[float], std: Sequence[float]) -> Normalisation:
        """Standardising pixels from 0 to 1 by these figures, one a channel. Raises ValueError for another number."""
        scale = [1 / 255 / deviation for deviation in std]
        shift = [-middle / deviation for middle, deviation in zip(mean, std, strict=True)]
        (red, green, blue), (red_shift, green_shift, blue_shift) = scale, shift
        return cls((red, green, blue), (red_shift, green_shift, blue_shift))

    def mean_and_std(self) -> tuple[list[float], list[float]]:
        """The figures that give this normalisation, to ten digits."""
        std = [1 / 255 / scale for scale in self.scale]
        mean = [-shift * deviation for shift, deviation in zip(self.shift, std, strict=True)]
        return [round(middle, DIGITS) for middle in mean], [round(deviation, DIGITS) for deviation in std]


def prepare(pixels: Pixels, how: Preprocessing) -> Pixels:
    """One picture, uint8 (h, w, 3), to uint8 (height, width, 3). Raises ValueError for anything else.

    What the crop would cut off is never computed, so a strip of 1 × 20,000 pixels costs no more than a square. Where
    the resized picture is smaller than the crop, black surrounds it.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"a picture is uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}")
    whole = _resized(pixels.shape[0], pixels.shape[1], how)
    down = _Window.of(whole[0], how.height)
    across = _Window.of(whole[1], how.width)
    # Pillow's box is in pixels of the source and may lie between them; its filter still sees what is outside the box.
    per_row, per_column = pixels.shape[0] / whole[0], pixels.shape[1] / whole[1]
    seen = Image.fromarray(pixels).resize(
        (across.length, down.length),
        Image.Resampling[how.resample.upper()],
        box=(
            across.start * per_column,
            down.start * per_row,
            min((across.start + across.length) * per_column, pixels.shape[1]),
            min((down.start + down.length) * per_row, pixels.shape[0]),
        ),
    )
    canvas = np.zeros((how.height, how.width, 3), np.uint8)
    canvas[down.at : down.at + down.length, across.at : across.at + across.length] = np.asarray(seen)
    return canvas


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a picture the model's input shows, and where in the input it stands."""

    box: tuple[float, float, float, float]  # of the picture: left, top, right, bottom, as shares of its sides
    rows: slice  # of the input; black surrounds them
    columns: slice


def sight(height: int, width: int, how: Preprocessing) -> Sight:
    """What `prepare` leaves of a picture of this size."""
    whole = _resized(height, width, how)
    down, across = _Window.of(whole[0], how.height), _Window.of(whole[1], how.width)
    left, top = across.start / whole[1], down.start / whole[0]
    return Sight(
        (left, top, left + across.length / whole[1], top + down.length / whole[0]),
        slice(down.at, down.at + down.length),
        slice(across.at, across.at + across.length),
    )


def _resized(height: int, width: int, how: Preprocessing) -> tuple[int, int]:
    """The height and width of the whole picture after resizing, before the crop."""
    if how.resize == "squash":
        return how.resize_to, how.resize_to
    short, long = sorted((height, width))
    length = int(how.resize_to * long / short)  # rounded down, as the reference does
    return (how.resize_to, length) if height <= width else (length, how.resize_to)


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of one axis that the crop keeps."""

    start: int  # its first pixel, in the resized picture
    length: int
    at: int  # where that pixel goes in the input

    @classmethod
    def of(cls, resized: int, wanted: int) -> _Window:
        """The middle `wanted` of `resized` pixels, or all of them with room on both sides; halves as the reference."""
        if resized >= wanted:
            return cls((resized - wanted) // 2, wanted, 0)
        return cls(0, resized, (wanted - resized + 1) // 2)
