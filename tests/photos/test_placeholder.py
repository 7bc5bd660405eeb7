"""The few colours that stand for a photo until its thumbnail is there."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.photos.placeholder import placeholder
from searchengine.photos.thumbnails import draw


def test_the_colours_lie_where_they_are_in_the_photo() -> None:
    pixels = np.zeros((384, 512, 3), np.uint8)
    pixels[:128, :128] = (250, 10, 20)
    pixels[256:, 384:] = (5, 60, 240)
    colours = np.frombuffer(placeholder(draw(pixels)), np.uint8).reshape(3, 4, 3).astype(int)
    expected = np.zeros((3, 4, 3), int)
    expected[0, 0], expected[2, 3] = (250, 10, 20), (5, 60, 240)
    assert np.abs(colours - expected).max() <= 12  # a thumbnail is a JPEG


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
def test_a_photo_of_any_shape_has_one(shape: tuple[int, int]) -> None:
    assert placeholder(draw(np.full((*shape, 3), 77, np.uint8))) == bytes([77]) * 36


def test_what_is_no_thumbnail_is_refused() -> None:
    with pytest.raises(OSError, match="identify"):
        placeholder(b"\xff\xd8 and no more \xff\xd9")
