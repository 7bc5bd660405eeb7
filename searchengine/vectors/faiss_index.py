"""Nearest neighbours with FAISS: a flat index of float16 vectors, exact at every size and under every restriction.

Which id a row has is kept here, as one ascending array, rather than in FAISS's id maps: those store an id twice when
it is added twice. How an index becomes a file stands in `faiss_file.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from searchengine.vectors.base import Matches, checked_query, sorted_batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids, Vector, Vectors


class FaissIndex:
    """A `VectorIndex` in 2 x dim + 8 bytes a vector, in memory or mapped from a file.

    A mapped one becomes one in memory when it is written to; its file stays as it is.
    """

    def __init__(self, dim: int) -> None:
        self._flat = flat(dim)
        self._ids: Ids = np.empty(0, np.int64)

    @classmethod
    def of(cls, flat: Any, ids: Ids) -> FaissIndex:
        """An index of these rows: a flat FAISS index as `flat` makes it, and int64 (n,) ids, ascending."""
        index = cls.__new__(cls)
        index._flat, index._ids = flat, ids
        return index

    def copy(self) -> FaissIndex:
        """Another one with the same rows, in memory; changing it leaves this one as it is."""
        copied = FaissIndex(self.dim)
        copied._replace(self._ids, self._codes)
        return copied

    @property
    def flat(self) -> Any:
        """The rows as FAISS has them, in the order of `ids`."""
        return self._flat

    @property
    def dim(self) -> int:
        return int(self._flat.d)

    @property
    def ids(self) -> Ids:
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        ids, vectors = sorted_batch(ids, vectors, self.dim)
        if not len(ids):
            return
        codes = self._flat.sa_encode(vectors)
        if self._flat.codes.is_owned and (not len(self) or ids[0] > self._ids[-1]):
            self._flat.add_sa_codes(codes)
            self._ids = np.concatenate((self._ids, ids))
            return
        kept = ~np.isin(self._ids, ids)
        ids = np.concatenate((self._ids[kept], ids))
        codes = np.concatenate((self._codes[kept], codes))
        order = np.argsort(ids)
        self._replace(ids[order], codes[order])

    def remove(self, ids: Ids) -> int:
        before = len(self)
        gone = np.isin(self._ids, ids)
        if gone.any():
            self._replace(self._ids[~gone], self._codes[~gone])
        return before - len(self)

    def vectors(self, ids: Ids) -> Vectors:
        found = self._codes[np.searchsorted(self._ids, ids)].view("<f2").astype(np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)

    def search(self, query: Vector, k: int, *, only: Ids | None = None) -> Matches:
        query = checked_query(query, self.dim)[np.newaxis]
        eligible, parameters = len(self), None
        if only is not None:
            allowed = np.isin(self._ids, only)
            eligible = int(allowed.sum())
            bitmap = np.packbits(allowed, bitorder="little")
            # FAISS's hints describe its C++ constructors, not the Python ones.
            selector = faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        k = min(k, eligible)
        if k <= 0:
            return Matches(np.empty(0, np.int64), np.empty(0, np.float32))
        (scores,), (rows,) = self._flat.search(query, min(k + 1, eligible), params=parameters)
        if len(scores) > k and scores[k] == scores[k - 1]:
            # More share the last score than fit, and FAISS keeps any of them: fetch all, the order decides.
            just_below = float(np.nextafter(scores[k], np.float32(-np.inf)))
            _, scores, rows = self._flat.range_search(query, just_below, params=parameters)
        return Matches.best(self._ids[rows], scores, k)

    @property
    def _codes(self) -> NDArray[np.uint8]:
        """The rows as they lie in memory or in the mapped file, uint8 (n, 2 x dim); not to be written to."""
        if not len(self):
            return np.empty((0, self._flat.code_size), np.uint8)
        codes: NDArray[np.uint8] = faiss.rev_swig_ptr(self._flat.codes.data(), self._flat.codes.size())
        return codes.reshape(len(self), self._flat.code_size)

    def _replace(self, ids: Ids, codes: NDArray[np.uint8]) -> None:
        fresh = flat(self.dim)
        if len(ids):
            fresh.add_sa_codes(np.ascontiguousarray(codes))
        self._flat, self._ids = fresh, ids


def flat(dim: int) -> Any:
    """An empty FAISS index of float16 rows that compares by inner product and needs no training."""
    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
