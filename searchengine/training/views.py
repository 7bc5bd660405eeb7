"""A whole batch of pictures seen by chance: cropped, mirrored, its colours changed, in one pass over the batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

LEAST_AREA = 0.4  # of a picture, in a crop
STRETCH = 0.2  # how far a crop's aspect may leave the picture's, as the logarithm
JITTER = 0.3  # how far brightness, contrast and saturation may leave 1
FEWEST, MOST = 24, 80  # pixels a side of a picture that is seen small
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601


def by_chance(pictures: Tensor, height: int, width: int, rng: np.random.Generator) -> Tensor:
    """Pictures, float (n, 3, h, w) in 0 to 255, to random crops of them, float (n, 3, height, width) in 0 to 255.

    Each is a part with `LEAST_AREA` or more of the picture, mirrored half of the time, its brightness, contrast and
    saturation changed.
    """
    crops = _crops(len(pictures), rng).to(pictures.device, pictures.dtype)  # (n, 2, 3)
    grid = affine_grid(crops, [len(pictures), 3, height, width], align_corners=False)
    seen = grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return _jittered(seen, rng)


def resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures, float (n, 3, h, w) in 0 to 255, whole at another size: float (n, 3, side, side) in 0 to 255."""
    if pictures.shape[2:] == (side, side):
        return pictures
    return interpolate(pictures, size=(side, side), mode="bicubic", antialias=True).clamp(0, 255)


def seen_small(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures, float (n, 3, h, w) in 0 to 255, brought to `FEWEST` to `MOST` pixels a side and enlarged again."""
    few = int(rng.integers(FEWEST, MOST + 1))
    small = interpolate(pictures, size=(few, few), mode="area")
    return interpolate(small, size=pictures.shape[2:], mode="bicubic").clamp(0, 255)


def _crops(count: int, rng: np.random.Generator) -> Tensor:
    """For each picture the affine map from the crop's coordinates to the picture's, both -1 to 1: float (n, 2, 3)."""
    area, stretch = rng.uniform(LEAST_AREA, 1, count), np.exp(rng.uniform(-STRETCH, STRETCH, count))
    wide, tall = np.minimum(1, np.sqrt(area * stretch)), np.minimum(1, np.sqrt(area / stretch))
    maps = np.zeros((count, 2, 3))
    maps[:, 0, 0] = wide * rng.choice([-1, 1], count)
    maps[:, 1, 1] = tall
    maps[:, 0, 2] = (1 - wide) * rng.uniform(-1, 1, count)
    maps[:, 1, 2] = (1 - tall) * rng.uniform(-1, 1, count)
    return torch.from_numpy(maps)


def _jittered(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    chances = torch.from_numpy(rng.uniform(1 - JITTER, 1 + JITTER, (3, len(pictures), 1, 1, 1)))
    brightness, contrast, saturation = chances.to(pictures.device, pictures.dtype)
    pictures = pictures * brightness
    middle = pictures.mean((1, 2, 3), keepdim=True)  # (n, 1, 1, 1)
    pictures = middle + (pictures - middle) * contrast
    luma = torch.tensor(LUMA, device=pictures.device, dtype=pictures.dtype)[:, None, None]  # (3, 1, 1)
    grey = (pictures * luma).sum(1, keepdim=True)  # (n, 1, h, w)
    jittered: Tensor = (grey + (pictures - grey) * saturation).clamp(0, 255)
    return jittered
