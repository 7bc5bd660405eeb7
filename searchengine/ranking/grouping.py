"""Photos that are one scene: bursts, and near-copies of one shot.

Told by three things together: what a model sees in them, their looks (`photos/look.py`) and when they were taken.
Groups are stars and not chains: every photo of a group is held against its best one, so that a holiday whose photos
resemble each their neighbour doesn't become one group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids, Vectors

BITS = 64
"""Of a look."""

BURST_SECONDS = 10.0
"""Within these, photos that are alike are one burst."""

LIMIT, BURST_LIMIT = 0.30, 0.50
"""The most that two photos of one group differ: taken at any time, and within seconds of each other."""

LOOK_WEIGHT = 1.0
"""What the share of bits that differ counts for, beside the share of the ordinary difference between vectors."""

UNSEEN = 0.20
"""The share of bits that counts as differing where a look isn't known."""

BLOCK = 64
"""Photos that are held against all others at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What photos are told apart by."""

    vectors: Vectors  # float32 (n, dim), unit length
    looks: NDArray[np.uint64]  # (n,); 0 where it isn't known or says nothing
    times: NDArray[np.float64]  # (n,): seconds, when they were taken by the camera's clock; NaN where it isn't known

    def __len__(self) -> int:
        return len(self.vectors)


def collapse(traits: Traits, ordinary: float, *, most: int | None = None) -> list[Ids]:
    """Photos in an order, best first, to groups in that order: the positions of each, int64 (k,), ascending.

    The first of a group is its best. Stops at `most` groups, each of which is complete. `ordinary` is the mean cosine
    of two of the library's photos (the squared length of its mean vector), which is what similarities are measured
    from: it differs between models far more than photos do.
    """
    groups: list[Ids] = []
    free = np.ones(len(traits), bool)
    while free.any() and (most is None or len(groups) < most):
        leaders = np.flatnonzero(free)[:BLOCK]
        rest = np.flatnonzero(free)
        alike = differences(traits, leaders, rest, ordinary) <= 1  # (leaders, rest)
        for row, leader in enumerate(leaders):
            if not free[leader] or (most is not None and len(groups) >= most):
                continue
            group = rest[(alike[row] & free[rest]) | (rest == leader)]
            free[group] = False
            groups.append(group)
    return groups


def differences(traits: Traits, some: Ids, others: Ids, ordinary: float) -> NDArray[np.float32]:
    """How far photos at some positions are from those at others, (some, others): up to 1 they are one scene."""
    cosines = traits.vectors[some] @ traits.vectors[others].T
    unlike = (1 - cosines) / max(1 - ordinary, 1e-6)
    one, other = traits.looks[some][:, None], traits.looks[others][None, :]
    bits = np.bitwise_count(one ^ other) / np.float32(BITS)
    bits = np.where((one != 0) & (other != 0), bits, np.float32(UNSEEN))
    gaps = np.abs(traits.times[some][:, None] - traits.times[others][None, :])
    limits = np.where(gaps <= BURST_SECONDS, np.float32(BURST_LIMIT), np.float32(LIMIT))  # NaN is no burst
    return np.asarray((unlike + LOOK_WEIGHT * bits) / limits, np.float32)
