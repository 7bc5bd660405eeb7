"""How long a search among very many vectors takes, with and without a first look at compressed ones, and what it finds.

    python -m tests.benchmarks.vector_search [VECTORS] [NUMBERS]

Synthetic vectors around topics; the queries lie apart from them, as sentences do. One thread; the file is mapped.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import faiss
import numpy as np

from searchengine.records import ModelIdentity
from searchengine.vectors import faiss_file
from searchengine.vectors.faiss_file import Origin
from searchengine.vectors.faiss_index import FaissIndex

TOPICS, PART, QUERIES = 200, 50_000, 30
DEPTH = 512  # photos that a search asks for at first
SHARES = (0.5, 0.1, 0.01)


def main(count: int, dim: int) -> None:
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((TOPICS, dim), dtype=np.float32)

    def draw(size: int, scatter: float) -> np.ndarray:
        vectors = topics[rng.integers(TOPICS, size=size)] + scatter * rng.standard_normal((size, dim), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    index = FaissIndex(dim)
    for start in range(0, count, PART):
        size = min(PART, count - start)
        index.add(np.arange(start, start + size), draw(size, 1.5))
    queries = draw(QUERIES, 3.0)  # further from the topics than any photo
    print(f"{count:,} vectors of {dim} numbers")
    timed("comparing with all", index, queries, None)
    since = time.perf_counter()
    index.compress(queries, 0.0)
    print(f"compressing                 {time.perf_counter() - since:8.1f} s, recall at ten {index.recall:.1%}")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "vectors.faiss"
        faiss_file.write(path, index, Origin(ModelIdentity("none", "1", "none", "none", dim), 0, 0))
        del index
        since = time.perf_counter()
        mapped, _ = faiss_file.read(path)
        opening = time.perf_counter() - since
        print(f"opening the file            {1000 * opening:8.1f} ms, {path.stat().st_size / 1e6:,.0f} MB")
        timed("a first look", mapped, queries, None)
        for share in SHARES:
            only = np.flatnonzero(rng.random(count) < share).astype(np.int64)
            timed(f"the same among {share:.0%}", mapped, queries, only)
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB resident")


def timed(title: str, index: FaissIndex, queries: np.ndarray, only: np.ndarray | None) -> None:
    index.search(queries[0], DEPTH, only=only)
    seconds = []
    for query in queries:
        since = time.thread_time()
        index.search(query, DEPTH, only=only)
        seconds.append(time.thread_time() - since)
    print(f"{title:<28}{1000 * median(seconds):8.1f} ms")


if __name__ == "__main__":
    arguments = [int(each) for each in sys.argv[1:]]
    main(*(arguments + [1_000_000, 512][len(arguments) :]))
