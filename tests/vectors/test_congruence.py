"""The same calls on the reference and on FAISS, and the results compared."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from searchengine.vectors import faiss_file
from searchengine.vectors.exact import ExactIndex
from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.samples import origin, unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Ids

DIM = 8
VECTORS = unit_vectors(64, DIM)  # few and small, so that ids and scores collide

some_ids = st.lists(st.integers(0, 40), unique=True, max_size=12).map(lambda ids: np.array(ids, np.int64))
seeds = st.integers(0, 2**32 - 1)


class BothIndexes(RuleBasedStateMachine):
    """Any sequence of calls, with saving and opening in between, gives the same answers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "vectors.faiss"
        self.exact, self.faiss = ExactIndex(DIM), FaissIndex(DIM)

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(ids=some_ids, seed=seeds)
    def add(self, ids: Ids, seed: int) -> None:
        vectors = VECTORS[np.random.default_rng(seed).integers(0, len(VECTORS), len(ids))]
        self.exact.add(ids, vectors)
        self.faiss.add(ids, vectors)

    @rule(ids=some_ids)
    def remove(self, ids: Ids) -> None:
        assert self.exact.remove(ids) == self.faiss.remove(ids)

    @rule()
    def save_and_open(self) -> None:
        faiss_file.write(self.path, self.faiss, origin(DIM))
        self.faiss, _ = faiss_file.read(self.path)

    @rule(row=st.integers(0, 63), k=st.integers(0, 45), only=st.none() | some_ids)
    def search(self, row: int, k: int, only: Ids | None) -> None:
        expected = self.exact.search(VECTORS[row], k, only=only)
        found = self.faiss.search(VECTORS[row], k, only=only)
        assert found.ids.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)

    @invariant()
    def holds_the_same(self) -> None:
        assert self.faiss.ids.tolist() == self.exact.ids.tolist()
        assert len(self.faiss) == len(self.exact)


BothIndexes.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestBothIndexes = BothIndexes.TestCase


def test_a_large_index_agrees_with_the_reference() -> None:
    """Ten thousand vectors of a real model's size; scores closer than float32 can tell may swap."""
    vectors = unit_vectors(10_000, 384, seed=5)
    ids = np.random.default_rng(6).permutation(100_000)[:10_000]
    exact, index = ExactIndex(384), FaissIndex(384)
    for start in range(0, 10_000, 1_000):
        exact.add(ids[start : start + 1_000], vectors[start : start + 1_000])
        index.add(ids[start : start + 1_000], vectors[start : start + 1_000])
    for query in unit_vectors(10, 384, seed=7):
        for only in (None, ids[:3], ids[::100], ids[::2]):
            expected, found = exact.search(query, 50, only=only), index.search(query, 50, only=only)
            np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)
            assert len(np.intersect1d(found.ids, expected.ids)) >= len(expected) - 1
