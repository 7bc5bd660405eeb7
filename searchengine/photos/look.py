"""What a picture looks like, in 64 bits: a perceptual hash, of which near-copies share most.

The difference hash (Neal Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013): shrunk to 9 × 8 greys, each is
brighter than its left neighbour or not. Neither size nor compression nor exposure changes much of that; a crop and a
rotation do, which is why nobody should go by it alone.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from searchengine.records import Pixels

SIDE = 8
"""Rows, and differences in a row."""


def look(pixels: Pixels) -> bytes:
    """The look of a picture, uint8 (height, width, 3): 8 bytes, row by row from the top left. Zeros: nothing to see."""
    return _look(Image.fromarray(pixels))


def look_of_thumbnail(jpeg: bytes) -> bytes:
    """The look of a photo from its thumbnail, a bit or two off that of its pixels.

    Raises OSError when that is no picture.
    """
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        image.draft("L", (16 * SIDE, 16 * SIDE))
        return _look(image)


def _look(image: Image.Image) -> bytes:
    small = image.resize((SIDE + 1, SIDE), Image.Resampling.BOX).convert("L")
    greys = np.asarray(small, np.int16)  # (8, 9)
    return np.packbits(greys[:, 1:] > greys[:, :-1]).tobytes()
