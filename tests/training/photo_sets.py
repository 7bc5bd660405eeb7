"""Small sets of photos that can be told apart, each with a caption of its own, for trainings that take seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

THINGS = ("dog", "boat", "child", "tree", "horse", "car", "bird", "house")
PLACES = ("on a beach", "in the snow", "by a river", "at night")


def collection(folder: Path, photos: int, side: int = 64) -> Path:
    """A captions.csv and as many photos (32 at most), coarse patterns in which no two are alike."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(photos):
        pattern = Image.fromarray(rng.integers(256, size=(4, 4, 3)).astype(np.uint8))
        pattern.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:02}.png")
        rows.append((f"{number:02}.png", f"a {THINGS[number % 8]} {PLACES[number // 8]}"))
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), *rows])
    return folder / "captions.csv"
