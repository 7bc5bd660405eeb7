"""Photos that are one scene: bursts, and near-copies of one shot.

Told by three things together: what a model sees in them, their looks (`photos/look.py`) and when they were taken.
A photo belongs to a group's best one when the two are alike, or when one photo that is alike both stands between them:
a frame of a burst, say, between the best frame and a copy that lost its time. Never more than one, so that a holiday
whose photos resemble each their neighbour doesn't become one group. `searchengine evaluate grouping` measures it.
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

LOOK_WEIGHT = 0.4
"""What the share of bits that differ counts for, beside the share of the ordinary difference between vectors."""

LIMIT = 0.21
"""The most that near-copies differ, whenever they were taken: the model must see nearly the same, and the look agree.
Among the 25 million pairs of 7,017 photographs by hundreds of people, 21 are below it, of which ten are one scene."""

BURST_SECONDS, BURST_LIMIT = 10.0, 0.35
"""Taken so soon after one another, photos are of one scene up to this difference: what moved changes the look."""

MOST_ORDINARY = 0.6
"""Where the library's photos are more alike than that, they are of few things, and say little of the model."""

UNSEEN = 0.3
"""The share of bits that counts as differing where a look isn't known."""

BLOCK = 32
"""Photos that are held against all others at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What photos are told apart by."""

    vectors: Vectors  # float32 (n, dim), unit length
    looks: NDArray[np.uint64]  # (n,); 0 where it isn't known or says nothing
    times: NDArray[np.float64]  # (n,): seconds, when they were taken by the camera's clock; NaN where it isn't known

    def __len__(self) -> int:
        return len(self.vectors)

    def at(self, positions: Ids) -> Traits:
        """Those of the photos at these positions."""
        return Traits(self.vectors[positions], self.looks[positions], self.times[positions])


def collapse(traits: Traits, ordinary: float, *, most: int | None = None, since: Ids | None = None) -> list[Ids]:
    """Photos in an order, best first, to groups in that order: the positions of each, int64 (k,), ascending.

    The first of a group is its best. Stops at `most` groups, each of which is complete. `ordinary` is the mean cosine
    of two of the library's photos (the squared length of its mean vector): what similarities are measured from, since
    it differs between models far more than photos do. `since`, int64 (n,): the first position that each photo may bring
    into a group; with photos that come in portions, where its portion begins, so that what was told of earlier ones
    holds.
    """
    groups: list[Ids] = []
    free = np.ones(len(traits), bool)
    while free.any() and (most is None or len(groups) < most):
        leaders = np.flatnonzero(free)[:BLOCK]
        near = alike(traits, leaders, ordinary)  # (leaders, n)
        for row, leader in enumerate(leaders):
            if free[leader] and (most is None or len(groups) < most):
                free[leader] = False
                group = near[row] & free
                if group.any():
                    free &= ~group
                    members = np.flatnonzero(group)
                    brought = alike(traits, members, ordinary)  # (members, n)
                    if since is not None:
                        brought &= np.arange(len(traits)) >= since[members, None]
                    group |= brought.any(axis=0) & free
                    free &= ~group
                groups.append(np.concatenate(([leader], np.flatnonzero(group))))
    return groups


def alike(traits: Traits, some: Ids, ordinary: float) -> NDArray[np.bool_]:
    """Whether the photos at some positions are one scene with each of all n, bool (some, n)."""
    cosines = traits.vectors[some] @ traits.vectors.T
    unlike = (1 - cosines) / (1 - min(ordinary, MOST_ORDINARY))  # a share of what two photos of the library differ by
    near = unlike <= BURST_LIMIT
    rows, others = np.nonzero(near)  # a few: for all the rest it is settled
    bits = _bits_apart(traits.looks[some[rows]], traits.looks[others])
    gaps = np.abs(traits.times[some[rows]] - traits.times[others])
    limits = np.where(gaps <= BURST_SECONDS, BURST_LIMIT, LIMIT)  # a gap of NaN is no burst
    near[rows, others] = unlike[rows, others] + LOOK_WEIGHT * bits <= limits
    return near


def _bits_apart(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The share of the bits in which looks differ, float64 (n,)."""
    return np.where((one != 0) & (other != 0), np.bitwise_count(one ^ other) / BITS, UNSEEN)
