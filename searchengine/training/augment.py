"""One picture seen in several ways: whole, mirrored, cropped, and as small as a thumbnail.

Frozen towers see each view once, so a training run draws from a fixed set. Views end as the model's input, uint8
(224, 224, 3), through the same resizing as a person's photos.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.preprocessing import Preprocessing, prepare

if TYPE_CHECKING:
    from searchengine.records import Pixels

SIDE = 224
SQUASH = Preprocessing(height=SIDE, width=SIDE, resize="squash", resize_to=SIDE, resample="bicubic")
"""The built-in model's preprocessing: the whole picture, its aspect not kept, as in the photos it learns from."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue, ITU-R BT.601

View = Callable[["Pixels", np.random.Generator], "Pixels"]


def whole(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """All of it, as the finished model sees it."""
    return prepare(pixels, SQUASH)


def mirrored(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """All of it, left and right exchanged."""
    return np.ascontiguousarray(prepare(pixels, SQUASH)[:, ::-1])


def middle(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """The square in its middle."""
    return prepare(_square(pixels), SQUASH)


def cropped(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Half of its area or more, perhaps mirrored, a little darker or brighter, paler or more colourful."""
    return _jitter(prepare(_crop(pixels, rng, 0.5), SQUASH), rng)


def blurred(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Most of it, at 28 to 80 pixels a side and enlarged again."""
    side = int(rng.integers(28, 81))
    resample = ("box", "bicubic")[int(rng.integers(2))]
    return _jitter(_through(_crop(pixels, rng, 0.6), side, resample), rng)


def tiny(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """The square in its middle, at 32 pixels a side and enlarged again."""
    return _through(_square(pixels), 32, "box")


def _through(pixels: Pixels, side: int, resample: str) -> Pixels:
    return prepare(prepare(pixels, Preprocessing(side, side, "squash", side, resample)), SQUASH)


def _square(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _crop(pixels: Pixels, rng: np.random.Generator, least: float) -> Pixels:
    """A part with at least this share of the area, its aspect changed by up to a fifth."""
    height, width = pixels.shape[:2]
    area, stretch = rng.uniform(least, 1), np.exp(rng.uniform(-0.2, 0.2))
    tall = max(1, round(height * min(1.0, np.sqrt(area / stretch))))
    wide = max(1, round(width * min(1.0, np.sqrt(area * stretch))))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    return pixels[top : top + tall, left : left + wide]


def _jitter(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Perhaps mirrored; brightness, contrast and saturation each changed by up to 30 %."""
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    brightness, contrast, saturation = rng.uniform(0.7, 1.3, 3)
    colours = pixels.astype(np.float32) * brightness
    grey = colours @ LUMA  # (h, w)
    colours = grey.mean() + (colours - grey.mean()) * contrast
    grey = grey.mean() + (grey - grey.mean()) * contrast
    colours = grey[..., None] + (colours - grey[..., None]) * saturation
    jittered: Pixels = np.clip(colours, 0, 255).astype(np.uint8)
    return jittered
