"""From pairs on disk to the batches of a training: in which order, which caption of each photo, seen how.

Everything drawn follows from the seed and the step's number alone. So a run that goes on needs to know no more than
where it stopped, and draws what it would have drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from searchengine.embedding.preprocessing import Normalisation
from searchengine.training.pairs import Pairs
from searchengine.training.views import by_chance


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What the encoder takes in: row i of the pixels belongs to row i of the tokens."""

    pixels: Tensor  # float32 (n, 3, height, width), normalised
    input_ids: Tensor  # int64 (n, t), t as many as the longest sentence has
    attention_mask: Tensor  # int64 (n, t)

    def __len__(self) -> int:
        return len(self.pixels)

    def parts(self, size: int) -> list[Batch]:
        """The same rows, `size` at a time."""
        columns = (torch.split(column, size) for column in (self.pixels, self.input_ids, self.attention_mask))
        return [Batch(*rows) for rows in zip(*columns, strict=True)]


class Order:
    """Which photos make up each step: all of them once an epoch, shuffled; what doesn't fill a batch is left out."""

    def __init__(self, photos: int, batch: int, seed: int) -> None:
        """`batch` is at most `photos`."""
        self.steps_per_epoch = photos // batch
        self._photos, self._batch, self._seed = photos, batch, seed
        self._epoch, self._shuffled = -1, np.empty(0, np.int64)

    def at(self, step: int) -> NDArray[np.int64]:
        """The photos of a step, int64 (batch,)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._shuffled = np.random.default_rng([self._seed, 0, epoch]).permutation(self._photos)
        return self._shuffled[place * self._batch : (place + 1) * self._batch]


def chances(seed: int, step: int, rank: int) -> np.random.Generator:
    """The source of everything random in one step of one process."""
    return np.random.default_rng([seed, 1, step, rank])


def draw(
    pairs: Pairs,
    photos: NDArray[np.int64],
    normalisation: Normalisation,
    size: tuple[int, int],
    rng: np.random.Generator,
    device: torch.device,
    *,
    augment: bool,
) -> Batch:
    """The batch of some photos with one caption each; `size` is the height and width of the encoder's input.

    Without `augment` the middle of each picture is seen as it is.
    """
    captions = rng.integers(pairs.first[photos], pairs.first[photos + 1])  # (n,): one of each photo's
    pixels = _pixels(pairs, photos, device)
    if augment:
        pixels = by_chance(pixels, *size, rng)
    else:
        top, left = (pixels.shape[2] - size[0]) // 2, (pixels.shape[3] - size[1]) // 2
        pixels = pixels[:, :, top : top + size[0], left : left + size[1]]
    return Batch(_normalised(pixels, normalisation), *sentences_of(pairs, captions, device))


def pictures_of(pairs: Pairs, photos: NDArray[np.int64], normalisation: Normalisation, device: torch.device) -> Tensor:
    """Some pictures as they are: float32 (n, 3, h, w), normalised."""
    return _normalised(_pixels(pairs, photos, device), normalisation)


def sentences_of(pairs: Pairs, captions: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor]:
    """The tokens and the attention mask of some captions, int64 (n, t) each, no longer than the longest of them."""
    lengths = torch.from_numpy(pairs.lengths[captions])  # (n,)
    longest = int(lengths.max())
    ids = torch.from_numpy(pairs.tokens[captions, :longest].astype(np.int64))
    mask = (torch.arange(longest) < lengths[:, None]).long()
    return ids.to(device), mask.to(device)


def _pixels(pairs: Pairs, photos: NDArray[np.int64], device: torch.device) -> Tensor:
    """float32 (n, 3, h, w) in 0 to 255; they travel to a GPU as the bytes they are."""
    return torch.from_numpy(pairs.pictures[photos]).to(device).permute(0, 3, 1, 2).float()


def _normalised(pixels: Tensor, normalisation: Normalisation) -> Tensor:
    scale, shift = (
        torch.tensor(values, device=pixels.device)[:, None, None]  # (3, 1, 1)
        for values in (normalisation.scale, normalisation.shift)
    )
    return pixels * scale + shift
