"""What a part of a query adds to how well a photo fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.relevance import LEAST_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vector, Vectors


def contributions(yardstick: Yardstick, whole: Vector, without: Vectors, photos: Vectors) -> NDArray[np.float64]:
    """How far each photo goes along with each part of a query, float64 (n, m), in standard deviations.

    `whole`: the query, float32 (dim,); `without`: the query without each part, float32 (m, dim); `photos`: float32
    (n, dim). What a part adds is the direction from the query without it to the whole one, and a photo's place along it
    is compared with the library's: 0 is an ordinary photo, 2 is one that few go beyond.
    """
    added = whole - without  # (m, dim)
    spreads = np.maximum(yardstick.spread(added), LEAST_SPREAD)
    return np.asarray(((photos - yardstick.mean) @ added.T) / spreads, np.float64)
