"""What stays of a photo's look in 64 bits."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from searchengine.photos.look import look, look_of_thumbnail
from searchengine.photos.near_copies import exposed, reencoded, resized
from searchengine.photos.thumbnails import draw
from tests.photos.pictures import opened

NAMES = ("astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "flower.jpg", "rocket.jpg")


@pytest.fixture(scope="module")
def pictures(sample_photos: Path) -> list[np.ndarray]:
    return [opened((sample_photos / name).read_bytes(), name).pixels for name in NAMES]


def bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


# A bright sky that burns out loses the gradient that it had, which takes up to ten bits.
def test_neither_size_nor_compression_nor_exposure_changes_much_of_it(pictures: list[np.ndarray]) -> None:
    for pixels in pictures:
        for changed in (resized(pixels, 0.3), reencoded(pixels, 30), exposed(pixels, 0.5), exposed(pixels, -0.5)):
            assert bits_apart(look(pixels), look(changed)) <= 10


def test_different_photos_look_different(pictures: list[np.ndarray]) -> None:
    assert min(bits_apart(look(one), look(other)) for one, other in combinations(pictures, 2)) >= 16


def test_a_thumbnail_looks_as_its_photo_does(pictures: list[np.ndarray]) -> None:
    for pixels in pictures:
        assert bits_apart(look(pixels), look_of_thumbnail(draw(pixels))) <= 3


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_detail_has_a_look_that_says_nothing(level: int) -> None:
    assert look(np.full((40, 60, 3), level, np.uint8)) == bytes(8)


def test_a_picture_of_one_pixel_has_a_look() -> None:
    assert len(look(np.zeros((1, 1, 3), np.uint8))) == 8


def test_what_is_no_thumbnail_is_refused() -> None:
    with pytest.raises(OSError, match="identify"):
        look_of_thumbnail(b"\xff\xd8 and no more \xff\xd9")
