"""Photographs to measure with: drawn ones, which cost a decoder what a camera's cost, and how they are found."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.onnx_runtime import processors
from searchengine.photos.scan import Scan
from searchengine.photos.thumbnails import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.bench.figures import Tell
    from searchengine.records import FoundFile, Pixels

WIDTH, HEIGHT = 4000, 3000
"""12 megapixels, as most cameras and phones give."""

QUALITY = 88
"""Of the JPEGs: about 2 MB each, a camera's usual."""


def draw_photos(folder: Path, count: int, tell: Tell, *, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write so many JPEGs into a folder: one picture, each time moved on, so that each is another content."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = _picture(width, height)

    def write(number: int) -> None:
        moved = np.roll(picture, 37 * number, axis=1)
        (folder / f"{number:05d}.jpg").write_bytes(draw(moved, side=max(width, height), quality=QUALITY))

    with ThreadPoolExecutor(processors()) as pool:
        for done, _ in enumerate(pool.map(write, range(count)), start=1):
            tell("drawing photos", done, count, "")


def photos_in(folder: Path) -> list[FoundFile]:
    """The photos in a folder and below it, as an indexer finds them."""
    return list(Scan(os.fsencode(folder)))


def _picture(width: int, height: int) -> Pixels:
    """Large shapes, small ones, and a sensor's noise: uint8 (height, width, 3)."""
    random = np.random.default_rng(0)
    pixels = 0.7 * _enlarged(random.integers(0, 255, (24, 32, 3)), width, height)
    pixels += 0.25 * _enlarged(random.integers(0, 255, (300, 400, 3)), width, height)
    pixels += 4 * random.standard_normal((height, width, 1), np.float32)
    return pixels.clip(0, 255).astype(np.uint8)


def _enlarged(image: NDArray[np.int64], width: int, height: int) -> NDArray[np.float32]:
    """A small picture at full size, linearly interpolated: float32 (height, width, 3)."""
    rows, columns = _weights(image.shape[0], height), _weights(image.shape[1], width)
    wide = np.einsum("yxc,wx->ywc", image.astype(np.float32), columns, optimize=True)
    return np.asarray(np.einsum("ywc,hy->hwc", wide, rows, optimize=True), np.float32)


def _weights(few: int, many: int) -> NDArray[np.float32]:
    """How each of many pixels in a row is made of few: float32 (many, few)."""
    at = np.linspace(0, few - 1, many, dtype=np.float32)
    return np.asarray(np.maximum(1 - np.abs(at[:, None] - np.arange(few, dtype=np.float32)), 0), np.float32)
