"""How close one precision's vectors are to another's: of the same photo, and in what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.precision import Fidelity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vectors

NEAREST = 10
LOW = 5  # percent of the photos


def fidelity(vectors: Vectors, reference: Vectors) -> Fidelity:
    """Compare vectors with those of the same photos in float32, row by row. Takes more than ten photos, all different.

    Each side is searched by itself, as libraries are: what are the nearest of each photo among the others?
    """
    cosines = np.einsum("nd,nd->n", vectors, reference)
    pairs = zip(_nearest(vectors), _nearest(reference), strict=True)
    shared = [len(np.intersect1d(ours, theirs)) / NEAREST for ours, theirs in pairs]
    return Fidelity(float(cosines.mean()), float(np.percentile(cosines, LOW)), float(np.mean(shared)))


def _nearest(vectors: Vectors) -> NDArray[np.int64]:
    """The photos nearest to each, int64 (n, 10), itself left out."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argpartition(-cosines, NEAREST, axis=1)[:, :NEAREST]
