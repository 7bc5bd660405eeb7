"""How sure it is that a photo fits what was asked, between 0 and 1, and the word for it.

A cosine of 0.26 says nothing by itself: it is high for one query and low for another, and each model has a scale of its
own. Here it is held against what the same query gives over the library's photos, and against what neutral sentences
give for the same photo. Every measure is a ratio of such numbers, so that turning both towers' space, or moving all
photos or all sentences by one vector (the gap between the towers: Liang et al., "Mind the Gap", 2022), changes nothing,
and the verdict can be compared between models. Two logistic curves turn the measures into a relevance (Platt,
"Probabilistic Outputs for Support Vector Machines", 1999); `searchengine.training.calibration` fits and checks them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np

from searchengine.records import Band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vector, Vectors

THRESHOLDS = {Band.STRONG: 0.9, Band.GOOD: 0.7, Band.WEAK: 0.37}
"""The least relevance of each band; below them all is none.

The last one is where nine in ten queries for what a library of 7,000 photos doesn't hold have no hit left.
"""

TEXT_CURVE = (1.02, -4.64)
PHOTO_CURVE = (1.27, -3.23)
"""Slope and constant of the logistic curves over `text_measure` and `photo_measure`.

Fitted on captioned photos that the built-in model wasn't trained on, one true pair to nine random ones; `searchengine
evaluate relevance captioned_photos.zip --held-out 1000` fits them anew on half of these and checks them on the other.
"""

ALIGNED = 7.0
"""Standard scores above chance from which a model's sentences are taken to have to do with its photos.

Towers that have nothing to do with each other stay below 5 in thousands of draws, those that have are above 12 with two
photos and above 30 with ten.
"""

PRIOR_PHOTOS = 20
"""A library's own spread counts as much as the model's when it has so many photos."""

MEAN_PHOTOS = 2
"""A library's mean photo shows what all photos have in common as much as what its few photos show, with so many."""

LEAST_SPREAD = 1e-4
"""Below this the photos are all alike in the eyes of a query, and dividing by it would only add noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What the scores of one model in one library are measured against. Pure numbers."""

    size: int  # photos in the sample
    mean: Vector  # float32 (dim,), of the sample
    covariance: NDArray[np.float32]  # (dim, dim), of the sample
    background: Vectors  # float32 (b, dim): neutral sentences as the model sees them
    aligned: bool  # whether these sentences and these photos have to do with each other

    @classmethod
    def of(cls, sample: Vectors, background: Vectors) -> Self:
        """From photos of the library, float32 (n, dim), and neutral sentences, float32 (b, dim)."""
        mean = sample.mean(axis=0) if len(sample) else np.zeros(sample.shape[1], np.float32)
        differences = sample - mean
        covariance = differences.T @ differences / max(len(sample), 1)
        new = cls(len(sample), mean.astype(np.float32), covariance.astype(np.float32), background, aligned=True)
        return replace(new, aligned=_alignment(new) > ALIGNED)

    @property
    def centre(self) -> Vector:
        """What all photos have in common, float32 (dim,): the mean, of which a few photos are no proof."""
        return np.asarray(self.mean * (self.size / (self.size + MEAN_PHOTOS)), np.float32)

    def spread(self, queries: Vectors) -> NDArray[np.float64]:
        """The standard deviation of each query's scores over the sample: float32 (m, dim) to float64 (m,)."""
        return np.asarray(np.sqrt(self._variance(queries)))

    def expected_spread(self, queries: Vectors) -> NDArray[np.float64]:
        """As `spread`, over photos that the library may yet get: float64 (m,).

        A few photos tell little of that. Until there are more, it is as if photos differed in the ways that sentences
        do, half, and in every way alike, half.
        """
        away = (queries @ (self.mean - self.centre)) ** 2
        seen = self._variance(queries) + away
        sentences, all_ways = _neutral(self)
        in_scale = self._all_ways / max(all_ways, LEAST_SPREAD**2)
        as_sentences = np.mean((queries @ sentences.T) ** 2, axis=1)
        alike = all_ways / queries.shape[1] * np.sum(queries**2, axis=1)
        prior = in_scale * (as_sentences + alike) / 2
        return np.asarray(np.sqrt((self.size * seen + PRIOR_PHOTOS * prior) / (self.size + PRIOR_PHOTOS)))

    @property
    def _all_ways(self) -> float:
        """The variance of the photos in all directions together."""
        return float(np.trace(self.covariance)) + float(np.sum((self.mean - self.centre) ** 2))

    def _variance(self, queries: Vectors) -> NDArray[np.float64]:
        return np.asarray(np.maximum(np.einsum("md,md->m", queries @ self.covariance, queries, dtype=np.float64), 0))


def relevance_of_text(yardstick: Yardstick, query: Vector, photos: Vectors) -> NDArray[np.float64]:
    """How sure it is that each photo fits the words, float64 (n,) from 0 to 1.

    `query`: float32 (dim,) of unit length; `photos`: float32 (n, dim), not necessarily of the sample.
    """
    relevances: NDArray[np.float64] = relevance_of_texts(yardstick, query[None], photos)[0]
    return relevances


def relevance_of_texts(yardstick: Yardstick, queries: Vectors, photos: Vectors) -> NDArray[np.float64]:
    """How sure it is that each photo fits each of the sentences, float64 (m, n): as `relevance_of_text`, for many."""
    if not yardstick.aligned:
        return np.zeros((len(queries), len(photos)))
    return logistic(text_measure(yardstick, queries, photos), *TEXT_CURVE)


def relevance_of_photo(yardstick: Yardstick, query: Vector, photos: Vectors) -> NDArray[np.float64]:
    """How sure it is that each photo shows what the photo that was asked with shows; as `relevance_of_text`."""
    if not yardstick.aligned:
        return np.zeros(len(photos))
    return logistic(photo_measure(yardstick, query[None], photos)[0], *PHOTO_CURVE)


def text_measure(yardstick: Yardstick, queries: Vectors, photos: Vectors) -> NDArray[np.float64]:
    """How unusual each sentence is for each photo, float64 (m, n), in standard deviations of neutral sentences.

    What the photo has of the sentence beyond what all photos have of it, over what it has of neutral sentences, one way
    or the other. A sentence that tells the library's photos apart better than neutral ones do says more, and counts
    for more, by the root of how much better.
    """
    neutral, _ = _neutral(yardstick)
    asked = queries - yardstick.background.mean(axis=0)
    photos = photos - yardstick.centre
    usual = np.sqrt(np.mean((photos @ neutral.T) ** 2, axis=1))  # (n,)
    spreads = yardstick.expected_spread(asked)  # (m,)
    telling = np.sqrt(spreads / max(_typical(yardstick), LEAST_SPREAD))
    scores = (asked @ photos.T).astype(np.float64)
    return np.asarray(scores / np.maximum(usual, LEAST_SPREAD) * telling[:, None])


@lru_cache(maxsize=4)
def _neutral(yardstick: Yardstick) -> tuple[Vectors, float]:
    """The neutral sentences without what all of them have in common, float32 (b, dim), and their variance."""
    sentences = apart(yardstick.background)
    return sentences, float(np.mean(np.sum(sentences**2, axis=1)))


@lru_cache(maxsize=4)
def _typical(yardstick: Yardstick) -> float:
    """What neutral sentences spread, which every query is compared with."""
    return float(np.sqrt(np.mean(yardstick.expected_spread(_neutral(yardstick)[0]) ** 2)))


def photo_measure(yardstick: Yardstick, queries: Vectors, photos: Vectors) -> NDArray[np.float64]:
    """How far photos are more alike than photos of the library are, float64 (m, n), in standard deviations."""
    asked = queries - yardstick.centre
    scores = (asked @ (photos - yardstick.centre).T).astype(np.float64)
    return np.asarray(scores / np.maximum(yardstick.expected_spread(asked), LEAST_SPREAD)[:, None])


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


def apart(vectors: Vectors) -> Vectors:
    """Vectors, float32 (n, dim), without what all of them have in common."""
    return vectors - vectors.mean(axis=0) if len(vectors) else vectors


def logistic(measure: NDArray[np.float64], slope: float, constant: float) -> NDArray[np.float64]:
    """A measure, float64 of any shape, as a number from 0 to 1."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * (slope * measure + constant))))


def _alignment(yardstick: Yardstick) -> float:
    """How far sentences and photos vary in the same directions, in standard scores above chance.

    The overlap of their covariances, tr(S P), is held against what it would be were one of the towers' spaces turned at
    random: mean tr(S) tr(P) / d, variance 2 |S'|² |P'|² / ((d - 1) (d + 2)) with S' and P' less their mean eigenvalue.
    The distribution is taken for a gamma one and brought to standard scores by its cube root (Wilson and Hilferty,
    "The Distribution of Chi-Square", 1931).
    """
    if not yardstick.size or not len(yardstick.background):
        return 0.0
    off = (yardstick.mean - yardstick.centre).astype(np.float64)
    photos = yardstick.covariance + np.outer(off, off)  # float64 (dim, dim), about the centre
    neutral = apart(yardstick.background).astype(np.float64)
    sentences = neutral.T @ neutral / len(neutral)
    dim = len(photos)
    mean = np.trace(sentences) * np.trace(photos) / dim
    variance = 2 * _uneven(sentences) * _uneven(photos) / ((dim - 1) * (dim + 2))
    if mean <= 0 or variance <= 0:
        return 0.0
    shape = mean**2 / variance
    return float((np.cbrt(np.sum(sentences * photos) / mean) - (1 - 1 / (9 * shape))) * np.sqrt(9 * shape))


def _uneven(covariance: NDArray[np.float64]) -> float:
    """The squared norm of what of a covariance isn't the same in all directions."""
    return max(float(np.sum(covariance**2) - np.trace(covariance) ** 2 / len(covariance)), 0.0)
