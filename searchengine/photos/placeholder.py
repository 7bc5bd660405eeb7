"""A photo's colours at 4 × 3 pixels: blurred, they stand for it until its thumbnail is there."""

from __future__ import annotations

import io

from PIL import Image

COLUMNS, ROWS = 4, 3


def placeholder(thumbnail: bytes) -> bytes:
    """The colours of a photo from its thumbnail, a JPEG: 36 bytes, red, green and blue row by row from the top left.

    Upright photos have four columns and three rows too; whoever shows them stretches them. Raises OSError when the
    thumbnail is no picture.
    """
    with Image.open(io.BytesIO(thumbnail), formats=["JPEG"]) as image:
        image.draft("RGB", (8 * COLUMNS, 8 * ROWS))
        return image.resize((COLUMNS, ROWS), Image.Resampling.BOX).convert("RGB").tobytes()
