"""Nearest neighbours by comparing with everything, in NumPy: the reference that every other index is tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors.base import Matches, checked_query, sorted_batch

if TYPE_CHECKING:
    from searchengine.records import Ids, Vector, Vectors


class ExactIndex:
    """A `VectorIndex` that holds two arrays: int64 (n,) ids, ascending, and float32 (n, dim) vectors."""

    def __init__(self, dim: int) -> None:
        self._ids: Ids = np.empty(0, np.int64)
        self._vectors: Vectors = np.empty((0, dim), np.float32)

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def ids(self) -> Ids:
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        ids, vectors = sorted_batch(ids, vectors, self.dim)
        self.remove(ids)
        rows = np.searchsorted(self._ids, ids)
        self._ids = np.insert(self._ids, rows, ids)
        self._vectors = np.insert(self._vectors, rows, vectors, axis=0)

    def remove(self, ids: Ids) -> int:
        before = len(self._ids)
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]
        return before - len(self._ids)

    def vectors(self, ids: Ids) -> Vectors:
        return self._vectors[np.searchsorted(self._ids, ids)]

    def search(self, query: Vector, k: int, *, only: Ids | None = None) -> Matches:
        query = checked_query(query, self.dim)
        rows = slice(None) if only is None else np.isin(self._ids, only)
        # Not `@`: BLAS adds up a row in an order that depends on where the row stands, and equal vectors must tie.
        scores = np.einsum("nd,d->n", self._vectors[rows], query)
        return Matches.best(self._ids[rows], scores, k)
