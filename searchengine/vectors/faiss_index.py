"""Nearest neighbours with FAISS: a flat index of float16 vectors, which compares with every one that is eligible.

One of very many may be compressed besides: then a first look at the compressed rows names those that are worth
comparing, and it is no longer exact. How many of the nearest it still finds is measured at once and kept with it.

Which id a row has is kept here, as one ascending array, rather than in FAISS's id maps: those store an id twice when
it is added twice. How an index becomes a file stands in `faiss_file.py`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from searchengine.vectors.base import Matches, checked_query, sorted_batch
from searchengine.vectors.compressed import SAMPLE, Compressed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids, Vector, Vectors

ROWS_A_THREAD = 50_000
"""Vectors that are worth a thread of their own: some milliseconds' work."""

SHORTLIST, MORE = 2, 1024
"""Where a first look names the rows to compare: so many for each that is asked for, and so many more."""

WORTHWHILE = 8
"""A first look saves nothing when more than one row in so many is compared after it."""

PART = 16_384  # rows that are compressed at once: their float32 numbers take some 50 MB

DEPTH = 10
"""Recall is the share of the truly nearest so many that are found."""

PROBES = 64
"""Photos that are asked with to measure it."""


class FaissIndex:
    """A `VectorIndex` in 2 x dim + 8 bytes a vector, in memory or mapped from a file; compressed, dim / 4 bytes more.

    A mapped one becomes one in memory when it is written to; its file stays as it is.
    """

    def __init__(self, dim: int) -> None:
        self._flat = flat(dim)
        self._ids: Ids = np.empty(0, np.int64)
        self._compressed: Compressed | None = None
        self._recall = 1.0

    @classmethod
    def of(cls, flat: Any, ids: Ids, compressed: Compressed | None = None, recall: float = 1.0) -> FaissIndex:
        """An index of these rows: a flat FAISS index as `flat` makes it, and int64 (n,) ids, ascending."""
        index = cls.__new__(cls)
        index._flat, index._ids, index._compressed, index._recall = flat, ids, compressed, recall
        return index

    def copy(self) -> FaissIndex:
        """Another one with the same rows, in memory; changing it leaves this one as it is."""
        copied = FaissIndex(self.dim)
        copied._replace(self._ids, self._codes)
        copied._compressed = self._compressed and self._compressed.copy()
        copied._recall = self._recall
        return copied

    def compress(self, sentences: Vectors, least: float) -> None:
        """From now on look at compressed rows first, if that finds at least this share of the nearest.

        `sentences`, float32 (n, dim): what is asked with to find out, beside photos. They lie apart from the photos,
        so that one says little of the other; the worse of both counts. Rows that are compressed already stay so.
        """
        if self._compressed is None:
            self._compressed = Compressed.learnt_from(self._spread_out(SAMPLE))
            for start in range(0, len(self), PART):
                self._compressed.add(self.vectors(self._ids[start : start + PART]))
        photos = self._spread_out(PROBES)
        self._recall = min(self._share_found(queries) for queries in (photos, sentences) if len(queries))
        if self._recall < least:
            self._compressed, self._recall = None, 1.0

    @property
    def flat(self) -> Any:
        """The rows as FAISS has them, in the order of `ids`."""
        return self._flat

    @property
    def compressed(self) -> Compressed | None:
        """The compressed rows, in the order of `ids`, where there are any."""
        return self._compressed

    @property
    def recall(self) -> float:
        """The share of the nearest ten that a search finds; 1 where it compares with every row."""
        return self._recall

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
            if self._compressed is not None:
                self._compressed.add(vectors)
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
        query = checked_query(query, self.dim)
        mask = None
        if only is not None and only is not self._ids and not np.array_equal(only, self._ids):
            mask = np.isin(self._ids, only)
        eligible = len(self) if mask is None else int(np.count_nonzero(mask))
        k = min(k, eligible)
        if k <= 0:
            return Matches(np.empty(0, np.int64), np.empty(0, np.float32))
        if self._compressed is not None:
            mask = self._shortlist(self._compressed, query, k, mask, eligible)
        return self._compared(query, k, mask)

    def _shortlist(
        self, compressed: Compressed, query: Vector, k: int, mask: NDArray[np.bool_] | None, eligible: int
    ) -> NDArray[np.bool_] | None:
        """Which rows are worth comparing, bool (n,); what was eligible where a first look can't tell or save any."""
        enough = SHORTLIST * k + MORE
        looked_at = enough * len(self) // eligible  # as many of these are eligible, unless the query prefers others
        if looked_at * WORTHWHILE > len(self):
            return mask
        rows = compressed.nearest(query, looked_at)
        named = np.zeros(len(self), bool)
        named[rows] = True if mask is None else mask[rows]
        return named if np.count_nonzero(named) >= enough / 2 else mask

    def _compared(self, query: Vector, k: int, mask: NDArray[np.bool_] | None) -> Matches:
        """The k nearest rows of those in the mask, bool (n,), which are at least k."""
        eligible, allowed = len(self), None
        if mask is not None:
            eligible = int(np.count_nonzero(mask))
            allowed = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[call-arg, arg-type]  # FAISS's hints describe its C++ constructors
        fetched = k + 1
        while True:
            parts = self._scan(query[np.newaxis], min(fetched, eligible), allowed)
            scores = np.concatenate([scores for scores, _ in parts])
            last = np.partition(scores, -k)[-k]
            # Where more share the last score than were fetched, FAISS keeps any of them, and the order should decide.
            if fetched >= eligible or not any(len(found) == fetched and found[-1] >= last for found, _ in parts):
                return Matches.best(self._ids[np.concatenate([rows for _, rows in parts])], scores, k)
            fetched *= 2

    def _spread_out(self, most: int) -> Vectors:
        """So many of the vectors, from all over: float32 (most or fewer, dim)."""
        return self.vectors(self._ids[np.linspace(0, len(self) - 1, min(most, len(self))).astype(np.int64)])

    def _share_found(self, queries: Vectors) -> float:
        """The share of the nearest that a search with these, float32 (n, dim), finds."""
        found = 0
        for query in queries:
            exact = self._compared(query, min(DEPTH, len(self)), None)
            found += len(np.intersect1d(exact.ids, self.search(query, DEPTH).ids))
        return found / (len(queries) * min(DEPTH, len(self)))

    def _scan(self, query: Vectors, k: int, allowed: Any) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """The k best rows of each part of the index, with their scores, best first; a thread looks through each part.

        FAISS itself gives a thread to each query, and here there is one.
        """
        count = max(1, min(faiss.omp_get_max_threads(), len(self) // ROWS_A_THREAD))
        bounds = np.linspace(0, len(self), count + 1).astype(int).tolist()

        def scan(first: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            chosen = allowed
            if count > 1:
                part = faiss.IDSelectorRange(first, end)
                chosen = part if allowed is None else faiss.IDSelectorAnd(part, allowed)
            parameters = None if chosen is None else faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
            (scores,), (rows,) = self._flat.search(query, k, params=parameters)
            return scores[rows >= 0], rows[rows >= 0]

        if count == 1:
            return [scan(0, len(self))]
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(scan, bounds[:-1], bounds[1:]))

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
        self._flat, self._ids, self._compressed, self._recall = fresh, ids, None, 1.0


def flat(dim: int) -> Any:
    """An empty FAISS index of float16 rows that compares by inner product and needs no training."""
    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
