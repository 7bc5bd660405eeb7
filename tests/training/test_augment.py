from __future__ import annotations

import numpy as np
import pytest

from searchengine.training import augment

VIEWS = [augment.whole, augment.mirrored, augment.middle, augment.cropped, augment.blurred, augment.tiny]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("shape", [(1, 1), (160, 160), (90, 300)])
def test_every_view_of_any_picture_is_the_models_input(view: augment.View, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(*shape, 3)).astype(np.uint8)
    seen = view(pixels, np.random.default_rng(1))
    assert seen.shape == (224, 224, 3)
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen, view(pixels, np.random.default_rng(1)))


def test_mirrored_is_the_whole_seen_from_behind() -> None:
    pixels = np.random.default_rng(0).integers(256, size=(50, 60, 3)).astype(np.uint8)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(augment.mirrored(pixels, rng)[:, ::-1], augment.whole(pixels, rng))


def test_tiny_keeps_no_more_than_32_pixels_a_side() -> None:
    stripes = np.zeros((224, 224, 3), np.uint8)
    stripes[:, ::7] = 255  # one in each of 32 pixels
    assert augment.tiny(stripes, np.random.default_rng(0)).std() < 2
    assert augment.whole(stripes, np.random.default_rng(0)).std() > 50
