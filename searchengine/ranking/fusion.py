"""Several things asked for at once, as one query vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.relevance import LEAST_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vector, Vectors


def fuse(parts: Vectors, weights: NDArray[np.float64], yardstick: Yardstick) -> Vector:
    """The query vector, float32 (dim,) of unit length, that asks for all of float32 (m, dim) parts by their weights.

    Words lie at a cosine of 0.1 to 0.3 from the photos that they fit, and photos at 0.6 to 0.9 from one another: added
    as they are, the photos would decide alone. So each part's similarities are first brought to one spread, their
    standard deviation over a sample of the library. The standard score (s - mean) / deviation is linear in s, and the
    mean shifts all photos alike: the sum of the parts, each times its weight and divided by its deviation, orders the
    photos just as the weighted sum of the standard scores does, with one search.
    """
    factors = np.asarray(weights, np.float64)  # (m,)
    if len(parts) > 1:
        spreads = yardstick.spread(parts)
        # Where the photos are all alike to a part, scaling it up would only add noise.
        factors = factors / np.where(spreads > LEAST_SPREAD, spreads, 1)
    fused = factors @ parts
    return np.asarray(fused / max(float(np.linalg.norm(fused)), 1e-12), np.float32)
