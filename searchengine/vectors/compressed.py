"""Vectors in two bits a number: which of very many are worth comparing exactly.

Each two neighbouring numbers are kept as the nearest of sixteen points (Jégou et al., "Product Quantization for Nearest
Neighbor Search", 2011), and a query's distances to these points are looked up inside the processor's registers (André
et al., "Quicker ADC", 2019; FAISS's "fast scan"). That takes a fraction of the time of comparing, reads an eighth of
the bytes, and is good for a shortlist only: what is on it must then be compared with the vectors themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import faiss
import numpy as np

if TYPE_CHECKING:
    from searchengine.records import Ids, Vector, Vectors

SAMPLE = 16_384
"""Vectors that the points are chosen from: a thousand for each point."""

ROUNDS = 10  # of k-means; more of them change no recall


class Compressed:
    """Compressed rows, numbered from 0."""

    def __init__(self, scan: Any) -> None:
        """`scan` is FAISS's index, as `learnt_from` makes it."""
        self.scan = scan

    @classmethod
    def learnt_from(cls, sample: Vectors) -> Self:
        """One without rows, its points chosen for vectors such as these, float32 (n, dim)."""
        dim = sample.shape[1]
        groups = dim // 2 if dim % 2 == 0 else dim
        scan = faiss.IndexPQFastScan(dim, groups, 4, faiss.METRIC_INNER_PRODUCT)
        scan.pq.cp.niter = ROUNDS
        scan.train(sample)
        return cls(scan)

    def copy(self) -> Compressed:
        """Another one with the same rows; adding to it leaves this one as it is."""
        return Compressed(faiss.clone_index(self.scan))

    def __len__(self) -> int:
        return int(self.scan.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Take in further rows, float32 (n, dim)."""
        self.scan.add(vectors)

    def nearest(self, query: Vector, k: int) -> Ids:
        """The k rows that seem nearest to float32 (dim,), int64, in no order that counts."""
        _, (rows,) = self.scan.search(query[np.newaxis], min(k, len(self)))
        return np.asarray(rows[rows >= 0], np.int64)
