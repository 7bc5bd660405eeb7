"""Plain pictures on disk, for data sets made in a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.fakes import PALETTE


def paint(path: Path, colour: str) -> Path:
    """A picture that is all one colour of the palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((30, 40, 3), PALETTE[colour], np.uint8)).save(path)
    return path


def captioned(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A captions CSV with its pictures beside it, each painted in the first colour that its own name holds."""
    lines = ["image,caption", *(f'{image},"{caption}"' for image, caption in rows)]
    for image, _ in rows:
        paint(folder / image, image.split(".")[0].split("-")[0])
    table = folder / "captions.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table
