"""Several things asked for at once, as one query vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from searchengine.records import Vector, Vectors

LEAST_SPREAD = 1e-4
"""Below this the library's photos are all alike in the eyes of a part, and scaling it up would only add noise."""


def fuse(parts: Vectors, sample: Vectors) -> Vector:
    """The query vector, float32 (dim,) of unit length, that asks for all of float32 (m, dim) parts alike.

    Words lie at a cosine of 0.1 to 0.3 from the photos that they fit, and photos at 0.6 to 0.9 from one another: added
    as they are, the photos would decide alone. So each part's similarities are first brought to one spread, their
    standard deviation over a sample of the library, float32 (n, dim). The standard score (s - mean) / deviation is
    linear in s, and the mean shifts all photos alike: the sum of the parts, each divided by its deviation, orders the
    photos just as the sum of the standard scores does, with one search.
    """
    if len(parts) > 1 and len(sample) > 1:
        spreads = (sample @ parts.T).std(axis=0)  # (m,)
        parts = (parts.T / np.where(spreads > LEAST_SPREAD, spreads, 1)).T.astype(np.float32)
    fused = parts.sum(axis=0)
    return np.asarray(fused / max(float(np.linalg.norm(fused)), 1e-12), np.float32)
