"""What the image tower's lower part makes of the photos, computed once: the input of the training.

Of every photo a few views are looked at, whole, cropped and small, and of each the lower part's maps are kept: about
31 kB in bfloat16, a few gigabytes for some thousand photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from searchengine.embedding.preprocessing import Preprocessing, prepare
from searchengine.training.backbones import MAPS, SIDE, ImageBackbone
from searchengine.training.data import read_picture
from searchengine.training.progress import Tell, untold
from searchengine.training.views import by_chance, resized, seen_small

KEPT = Preprocessing(height=160, width=160, resize="squash", resize_to=160, resample="bicubic")
"""How large photos are kept in memory; as large as the captioned ones are."""

WHOLE, CROP, SMALL = "whole", "crop", "small"
IMAGE_BATCH = 32


def read_pictures(paths: Sequence[Path], tell: Tell = untold) -> Tensor:
    """The pictures as they are kept: uint8 (n, 3, 160, 160). Raises PhotoUnreadableError."""
    pictures = torch.empty(len(paths), 3, KEPT.height, KEPT.width, dtype=torch.uint8)

    def read(place: int) -> None:
        pixels = prepare(read_picture(paths[place], KEPT.at_least), KEPT)
        pictures[place] = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)

    with ThreadPoolExecutor() as pool:
        for done, _ in enumerate(pool.map(read, range(len(paths))), 1):
            tell("reading pictures", done, len(paths), "")
    return pictures


@torch.no_grad()
def image_maps(
    backbone: ImageBackbone, pictures: Tensor, views: Sequence[str], seed: int, tell: Tell = untold
) -> Tensor:
    """The lower part's maps of pictures, uint8 (n, 3, h, w), in every view: bfloat16 (views, n, 14, 14, 80)."""
    rng = np.random.default_rng(seed)
    maps = torch.empty(len(views), len(pictures), *MAPS, dtype=torch.bfloat16)
    for number, view in enumerate(views):
        for start in range(0, len(pictures), IMAGE_BATCH):
            seen = _seen(pictures[start : start + IMAGE_BATCH].float(), view, rng)
            with torch.autocast("cpu", torch.bfloat16):
                part = backbone.maps(seen.contiguous(memory_format=torch.channels_last))
            maps[number, start : start + len(seen)] = part.permute(0, 2, 3, 1)
            tell("looking at views", number * len(pictures) + start + len(seen), maps.shape[0] * maps.shape[1], "")
    return maps


@torch.no_grad()
def pooled(backbone: ImageBackbone, maps: Tensor) -> Tensor:
    """The features of maps, bfloat16 (n, 14, 14, 80), by the upper part as it stands: float32 (n, 1280)."""
    starts = range(0, len(maps), 4 * IMAGE_BATCH)
    return torch.cat([features_of(backbone, maps[start : start + 4 * IMAGE_BATCH]) for start in starts])


def features_of(backbone: ImageBackbone, maps: Tensor) -> Tensor:
    """The features of one batch of maps, bfloat16 (n, 14, 14, 80), with their gradients: float32 (n, 1280)."""
    with torch.autocast("cpu", torch.bfloat16):
        return backbone.features(maps.permute(0, 3, 1, 2)).float()


def _seen(pictures: Tensor, view: str, rng: np.random.Generator) -> Tensor:
    """Pictures, float32 (n, 3, h, w) in 0 to 255, in a view: float32 (n, 3, 224, 224)."""
    if view == WHOLE:
        return resized(pictures, SIDE)
    cropped = by_chance(pictures, SIDE, SIDE, rng)
    return seen_small(cropped, rng) if view == SMALL else cropped
