"""Two models on the same captioned photos, and how far what separates them could be chance: a paired bootstrap.

The photos are what was drawn from the world, so they are what is drawn again, each with all its captions; both models
are asked about the same draw. (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13:
clusters, and percentile intervals.) What they are searched among stays the whole set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.training.encoding import encode_photos, encode_sentences
from searchengine.training.evaluation import caption_owners, problems_of, ranks_both_ways
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.progress import Tell

DRAWS = 10_000
DRAWN_AT_ONCE = 1 << 22  # photos drawn in one go, which bounds the memory

CUTS = (1, 5, 10)
FEW_PHOTOS = 30
"""With fewer, the draws are so alike that the intervals come out too narrow."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both models, as shares of 1."""

    measure: str
    first: float
    second: float
    low: float  # of second - first: the ends of its 95 % interval
    high: float

    @property
    def gain(self) -> float:
        """How much larger the second's is."""
        return self.second - self.first


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same photos."""

    photos: int
    captions: int
    differences: tuple[Difference, ...]  # R@1, R@5, R@10 from text to image, then from image to text
    problems: tuple[str, ...]  # what was left out and why, a sentence each

    @property
    def few(self) -> bool:
        """Whether there are too few photos for the intervals to be trusted."""
        return self.photos < FEW_PHOTOS

    @property
    def better(self) -> int | None:
        """Which finds more photos by their captions (R@1): 0 the first, 1 the second, None where chance explains it."""
        headline = self.differences[0]
        if headline.low > 0 or headline.high < 0:
            return int(headline.low > 0)
        return None


def compare_retrieval(
    first: EmbeddingModel,
    second: EmbeddingModel,
    data: CaptionedPhotos,
    tell: Tell = untold,
    *,
    seed: int = 0,
) -> Comparison:
    """R@k of both models over the photos that both could read. Raises UsageError when there are none."""
    encoded = [encode_photos(model, data.paths, tell) for model in (first, second)]
    # The one decodes a photo at a smaller size than the other, so a damaged one may be lost to one alone.
    both = np.intersect1d(encoded[0].kept, encoded[1].kept)
    photos = data.take(both.tolist())
    captions = [caption for own in photos.captions for caption in own]
    owners = caption_owners(photos)
    found = [
        _found(one.vectors[np.isin(one.kept, both)], encode_sentences(model, captions, tell), owners)
        for model, one in zip((first, second), encoded, strict=True)
    ]
    asked = np.bincount(owners)[:, None].repeat(len(CUTS), axis=1)  # (photos, 3): a photo's captions …
    asked = np.hstack([asked, np.ones_like(asked)])  # (photos, 6): … and the photo itself
    low, high = paired_interval(found[0], found[1], asked, seed=seed)
    shares = [one.sum(0) / asked.sum(0) for one in found]
    measures = [f"{way} R@{k}" for way in ("text to image", "image to text") for k in CUTS]
    rows = zip(measures, *([float(share) for share in column] for column in (*shares, low, high)), strict=True)
    problems = dict.fromkeys(problem for one in encoded for problem in problems_of(data, one))
    return Comparison(len(photos), len(captions), tuple(Difference(*row) for row in rows), tuple(problems))


def paired_interval(
    first: NDArray[np.int64], second: NDArray[np.int64], asked: NDArray[np.int64], *, seed: int = 0, draws: int = DRAWS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the 95 % intervals of how much larger the second's shares are, each float64 (measures,).

    `first` and `second`, int64 (photos, measures), count what each model found for a photo, of `asked`.
    """
    random = np.random.default_rng(seed)
    photos = len(asked)
    gains = (second - first).astype(np.float32)
    step = max(1, DRAWN_AT_ONCE // photos)
    parts = []
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        drawn = random.integers(photos, size=(rows, photos)) + photos * np.arange(rows)[:, None]
        # How often each photo is in each draw; counts this small are exact in float32.
        times = np.bincount(drawn.ravel(), minlength=rows * photos).reshape(rows, photos).astype(np.float32)
        parts.append((times @ gains) / (times @ asked.astype(np.float32)))  # (rows, measures)
    low, high = np.percentile(np.concatenate(parts), (2.5, 97.5), axis=0)
    return low, high


def _found(images: Vectors, texts: Vectors, owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each photo how many of its captions find it, and whether it finds one of them, among the first k.

    int64 (photos, 6): three of the one, three of the other, as `CUTS`.
    """
    to_image, to_text = ranks_both_ways(images, texts, owners)
    columns = [np.bincount(owners, weights=to_image <= k, minlength=len(images)) for k in CUTS]
    return np.stack([*columns, *(to_text <= k for k in CUTS)], axis=1).astype(np.int64)
