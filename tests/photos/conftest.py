"""What the tests of `photos` share: one photograph."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def cat(sample_photos: Path) -> Image.Image:
    """A photograph of a cat, RGB, 451 x 300."""
    with Image.open(sample_photos / "chelsea.png") as image:
        return image.convert("RGB")
