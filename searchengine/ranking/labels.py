"""How sure it is that a label fits a photo: from the vectors of both, against neutral sentences and what is usual.

Where the vocabulary and its vectors come from, and how labels are written down, stands in `describing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vectors

FITS = 0.5
"""The confidence from which a photo has a label."""

CAPTIONS = 25_014
"""The captions of everyday photos in which labels were counted."""

SMOOTHING = 20
"""Captions added to each label's, so that what none of them names can still be met."""

LEAST_SPREAD = 1e-6
"""Below this a photo is nothing to any sentence, and dividing by it would only add noise."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve: confidence is the sigmoid of the weighted sum."""

    score: float  # weight of the standard score
    frequency: float  # weight of the logarithm of the label's share of captions
    constant: float


FITTED = Curve(1.06, 1.38, 0.88)
"""Fitted to captioned photos by `searchengine evaluate labels`, which also checks it on photos held out. Fitted anew to
the photos that the built-in model learnt from, it comes out surer than photos held out bear."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelScorer:
    """A vocabulary, as one model sees it, ready to be held against photos."""

    labels: Vectors  # float32 (labels, dim): what each has beyond neutral sentences, unit length
    neutral: Vectors  # float32 (b, dim): what each neutral sentence has beyond their mean
    usual: NDArray[np.float32]  # (labels,): the logarithm of each label's share of captions

    @classmethod
    def of(cls, vectors: Vectors, frequencies: Sequence[int], background: Vectors) -> Self:
        """From the labels' vectors, float32 (labels, dim), and neutral sentences, float32 (b, dim).

        `frequencies`: in how many of `CAPTIONS` captions each label stands.
        """
        centre = background.mean(axis=0)
        beyond = vectors - centre
        lengths = np.maximum(np.linalg.norm(beyond, axis=1, keepdims=True), LEAST_SPREAD)
        usual = np.log((np.array(frequencies, np.float32) + SMOOTHING) / CAPTIONS)
        return cls((beyond / lengths).astype(np.float32), (background - centre).astype(np.float32), usual)

    def standard_scores(self, photos: Vectors) -> NDArray[np.float32]:
        """Each label's cosine to each of float32 (n, dim) photos, in units of what neutral sentences have of it.

        float32 (n, labels). A model's scale of cosines falls out, so that one curve holds for every model; the
        sentences' mean is taken away first, as it says nothing of any photo.
        """
        spread = np.sqrt(np.mean((photos @ self.neutral.T) ** 2, axis=1, keepdims=True))  # (n, 1)
        scores: NDArray[np.float32] = photos @ self.labels.T
        scores /= np.maximum(spread, LEAST_SPREAD)
        return scores

    def confidences(self, photos: Vectors, curve: Curve = FITTED) -> NDArray[np.float32]:
        """How sure it is that each label fits each photo: float32 (n, labels), 0 to 1."""
        return sigmoid(self._logits(photos, curve))

    def fitting(
        self, photos: Vectors, curve: Curve = FITTED
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """The pairs that fit: rows of photos and of labels, int64 (pairs,) each, and confidences, float32 (pairs,)."""
        logits = self._logits(photos, curve)
        rows, columns = np.nonzero(logits >= 0)
        return rows.astype(np.int64), columns.astype(np.int64), sigmoid(logits[rows, columns])

    def _logits(self, photos: Vectors, curve: Curve) -> NDArray[np.float32]:
        logits = self.standard_scores(photos)
        logits *= np.float32(curve.score)
        logits += (curve.frequency * self.usual + curve.constant).astype(np.float32)
        return logits


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 to 1, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), np.float32)
