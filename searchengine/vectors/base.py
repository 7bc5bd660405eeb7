"""The one interface to every nearest-neighbour index: unit vectors by photo id.

An index knows nothing of photos, models or the database. Scores are inner products, which for unit vectors are
cosines. Every implementation passes the same contract suite and is compared with the exact one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids, Vector, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The nearest ones, best first; equal scores are ordered by id."""

    ids: Ids  # int64 (k,)
    scores: NDArray[np.float32]  # float32 (k,), cosine similarity

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.ids.tolist(), self.scores.tolist(), strict=True)

    @classmethod
    def best(cls, ids: Ids, scores: NDArray[np.float32], k: int) -> Matches:
        """The k best of int64 (n,) and float32 (n,) in any order."""
        order = np.lexsort((ids, -scores))[: max(k, 0)]
        return cls(ids[order], scores[order])


class VectorIndex(Protocol):
    """Nearest neighbours over unit vectors."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def ids(self) -> Ids:
        """The ids that it holds, int64 (n,), ascending."""

    def __len__(self) -> int:
        """How many vectors it holds."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Take in int64 (n,) ids with float32 (n, dim) unit vectors; an id that is there gets its new vector.

        Raises ValueError on a wrong shape, a repeated id or a vector that is not finite.
        """

    def remove(self, ids: Ids) -> int:
        """Drop these ids, int64 (n,); unknown ones are passed over. Returns how many were there."""

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of these ids, int64 (n,), each of which it holds: float32 (n, dim), unit length."""

    def search(self, query: Vector, k: int, *, only: Ids | None = None) -> Matches:
        """The k nearest of float32 (dim,), among the ids `only` (int64, unknown ones passed over) when given.

        Fewer than k come back only when fewer are eligible: the restriction holds before the top-k, not after.
        Raises ValueError on a query of a wrong shape or one that is not finite.
        """


def among(ids: Ids, known: Ids) -> NDArray[np.bool_]:
    """Which of a few ids, int64 (n,), are among many known ones, int64 (m,), ascending: bool (n,)."""
    if not len(known):
        return np.zeros(len(ids), bool)
    found: NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, ids), len(known) - 1)] == ids
    return found


def sorted_batch(ids: Ids, vectors: Vectors, dim: int) -> tuple[Ids, Vectors]:
    """What `add` was given, checked as the interface says, in ascending order of the ids."""
    ids, vectors = np.asarray(ids, np.int64), np.asarray(vectors, np.float32)
    if ids.ndim != 1 or vectors.shape != (len(ids), dim):
        raise ValueError(f"expected (n,) ids and (n, {dim}) vectors, got {ids.shape} and {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a number that is not finite")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    if (ids[1:] == ids[:-1]).any():
        raise ValueError("an id is repeated")
    return ids, vectors[order]


def checked_query(query: Vector, dim: int) -> Vector:
    """What `search` was given, checked as the interface says."""
    query = np.asarray(query, np.float32)
    if query.shape != (dim,):
        raise ValueError(f"expected a ({dim},) query, got {query.shape}")
    if not np.isfinite(query).all():
        raise ValueError("the query holds a number that is not finite")
    return query
