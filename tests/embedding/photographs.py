"""Prepared pictures to embed, cut out of real photographs: what is measured on noise means nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


def prepared(side: int, count: int) -> NDArray[np.uint8]:
    """Crops of the sample photographs at different places and scales, uint8 (count, side, side, 3); always the same."""
    data = pytest.importorskip("skimage", reason="the sample photographs come with the extra 'demo'").__path__[0]
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "hubble_deep_field.jpg")
    photos = [Image.open(Path(data, "data", name)).convert("RGB") for name in names]
    random, crops = np.random.default_rng(4), []
    for at in range(count):
        photo = photos[at % len(photos)]
        cut = int(min(photo.size) * random.uniform(0.25, 0.9))
        left, top = (int(random.integers(0, whole - cut + 1)) for whole in photo.size)
        crops.append(np.asarray(photo.crop((left, top, left + cut, top + cut)).resize((side, side))))
    return np.stack(crops)
