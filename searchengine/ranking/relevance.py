"""How sure it is that a photo fits what was asked, between 0 and 1, and the word for it.

A cosine of 0.26 says nothing by itself: it is high for one query and low for another, and each model has a scale of its
own. Here it is held against what the same query gives over the library's photos, and what neutral sentences give for
the same photo. Every measure is free of the model's scale, so that its verdict can be compared between models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from searchengine.records import Band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vector, Vectors

THRESHOLDS = {Band.STRONG: 0.9, Band.GOOD: 0.7, Band.WEAK: 0.4}
"""The least relevance of each band; below them all is none."""

LEAST_SPREAD = 1e-4
"""Below this the photos are all alike in the eyes of a query, and dividing by it would only add noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What the scores of one model in one library are measured against."""

    size: int  # photos in the sample
    mean: Vector  # float32 (dim,), of the sample
    covariance: NDArray[np.float32]  # (dim, dim), of the sample
    background: Vectors  # float32 (b, dim): neutral sentences as the model sees them

    @classmethod
    def of(cls, sample: Vectors, background: Vectors) -> Self:
        """From photos of the library, float32 (n, dim), and neutral sentences, float32 (b, dim)."""
        mean = sample.mean(axis=0) if len(sample) else np.zeros(background.shape[1], np.float32)
        apart = sample - mean
        covariance = apart.T @ apart / max(len(sample), 1)
        return cls(len(sample), mean.astype(np.float32), covariance.astype(np.float32), background)

    def spread(self, queries: Vectors) -> NDArray[np.float64]:
        """The standard deviation of each query's scores over the sample: float32 (m, dim) to float64 (m,)."""
        variances = np.einsum("md,md->m", queries @ self.covariance, queries, dtype=np.float64)
        return np.asarray(np.sqrt(np.maximum(variances, 0)))


def relevance_of_text(yardstick: Yardstick, query: Vector, photos: Vectors) -> NDArray[np.float64]:
    """How sure it is that each photo fits the words, float64 (n,) from 0 to 1.

    `query`: float32 (dim,) of unit length; `photos`: float32 (n, dim), not necessarily of the sample.
    """
    common = yardstick.background.mean(axis=0)
    apart = query - common
    scores = (photos - yardstick.mean) @ apart  # what query and photo have beyond all sentences and all photos
    within = scores / max(yardstick.spread(apart[None])[0], LEAST_SPREAD)
    usual = ((photos - yardstick.mean) @ (yardstick.background - common).T).std(axis=1)  # (n,)
    across = scores / np.maximum(usual, LEAST_SPREAD)
    return _sigmoid(1.2 * within + 1.2 * across - 7)


def relevance_of_photo(yardstick: Yardstick, query: Vector, photos: Vectors) -> NDArray[np.float64]:
    """How sure it is that each photo shows what the photo that was asked with shows; as `relevance_of_text`."""
    apart = query - yardstick.mean
    scores = (photos - yardstick.mean) @ apart
    return _sigmoid(2 * scores / max(yardstick.spread(apart[None])[0], LEAST_SPREAD) - 4)


def together(relevances: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """How sure it is that each photo fits all of several things: float64 (parts, n) and (parts,) to (n,).

    The product, as for things that don't depend on one another; what weighs less than the weightiest part lowers it
    less.
    """
    floored = np.maximum(relevances, 1e-12)
    return np.asarray(np.exp((weights / weights.max()) @ np.log(floored)))


def band(relevance: float) -> Band:
    """The word for a relevance."""
    return next((band for band, least in THRESHOLDS.items() if relevance >= least), Band.NONE)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x.astype(np.float64))))
