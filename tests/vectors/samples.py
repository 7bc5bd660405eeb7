"""Random unit vectors as the database hands them out: float32 numbers that float16 can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.records import ModelIdentity
from searchengine.vectors.faiss_file import Origin

if TYPE_CHECKING:
    from searchengine.records import Ids, Vectors


def unit_vectors(n: int, dim: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def ids_of(*ids: int) -> Ids:
    return np.array(ids, np.int64)


def origin(dim: int, *, last_seq: int = 0, removals: int = 0, name: str = "test") -> Origin:
    return Origin(ModelIdentity(name, "1", "checksum", "none", dim), last_seq, removals)
