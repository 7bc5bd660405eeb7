"""Near-copies of a picture as messengers, editors and hands make them: what grouping is measured with.

Pixels in, pixels out, uint8 (height, width, 3). What chance decides comes from a generator of the caller's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from searchengine.records import Pixels

GAMMA = 2.2
FRAME = 0.85
"""The share of a picture's sides that a burst's frames show, so that there is room to move."""


def near_copies(pixels: Pixels, chance: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    """One near-copy of each kind, with its name."""
    yield "re-encoding", reencoded(pixels, int(chance.integers(30, 81)))
    yield "half the size", resized(pixels, 0.5)
    yield "exposure", exposed(pixels, float(chance.choice((-1, 1)) * chance.uniform(0.3, 0.8)))
    yield "crop to 95 %", cropped(pixels, 0.95, *chance.random(2))
    yield "crop to 90 %", cropped(pixels, 0.9, *chance.random(2))
    yield "rotation", rotated(pixels, float(chance.choice((-1, 1)) * chance.uniform(1, 3)))


def burst(pixels: Pixels, frames: int, chance: np.random.Generator) -> Iterator[Pixels]:
    """Neighbouring frames: windows that wander over the picture, each its own exposure and JPEG."""
    across, down = chance.uniform(0.2, 0.8, 2)
    for _ in range(frames):
        window = cropped(pixels, FRAME, float(np.clip(across, 0, 1)), float(np.clip(down, 0, 1)))
        yield reencoded(exposed(window, float(chance.uniform(-0.15, 0.15))), 85)
        across, down = across + chance.uniform(-0.35, 0.35), down + chance.uniform(-0.35, 0.35)


def reencoded(pixels: Pixels, quality: int) -> Pixels:
    """Through a JPEG of this quality, 1 to 95."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.array(Image.open(stream))


def resized(pixels: Pixels, share: float) -> Pixels:
    """Both sides to this share of theirs."""
    image = Image.fromarray(pixels)
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return np.array(image.resize(size, Image.Resampling.BICUBIC))


def exposed(pixels: Pixels, stops: float) -> Pixels:
    """So many stops brighter; a negative number is darker."""
    light = (pixels / 255) ** GAMMA * 2**stops
    return np.asarray(np.round(255 * np.clip(light, 0, 1) ** (1 / GAMMA)), np.uint8)


def cropped(pixels: Pixels, share: float, across: float, down: float) -> Pixels:
    """A window of this share of both sides, from the left and top (0) to the right and bottom (1)."""
    height, width = (max(1, round(side * share)) for side in pixels.shape[:2])
    top, left = round((pixels.shape[0] - height) * down), round((pixels.shape[1] - width) * across)
    return pixels[top : top + height, left : left + width]


def rotated(pixels: Pixels, degrees: float) -> Pixels:
    """Turned a little, and cropped to where there is picture."""
    turned = np.array(Image.fromarray(pixels).rotate(degrees, Image.Resampling.BICUBIC))
    return cropped(turned, 1 - 2 * abs(float(np.sin(np.radians(degrees)))), 0.5, 0.5)
