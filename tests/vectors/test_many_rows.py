"""What only an index of many vectors does: several threads look through it, and equal scores still have one order."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from searchengine.vectors import faiss_index
from searchengine.vectors.base import among
from searchengine.vectors.exact import ExactIndex
from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.samples import unit_vectors

DIM, COPIES = 16, 40


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_index, "ROWS_A_THREAD", 100)
    monkeypatch.setattr(faiss, "omp_get_max_threads", lambda: 3)


@pytest.mark.usefixtures("three_threads")
def test_threads_find_what_one_would_also_among_copies_and_under_a_mask() -> None:
    vectors = np.tile(unit_vectors(25, DIM), (COPIES, 1))  # every score forty times, in every thread's part
    ids = np.arange(0, 3 * len(vectors), 3)
    exact, ours = ExactIndex(DIM), FaissIndex(DIM)
    for index in (exact, ours):
        index.add(ids, vectors)
    masks = [None, ids, ids[::7], ids[-30:], ids[:1]]
    for k in (1, 5, 39, 40, 41, 100, 999, 1000, 2000):
        for only in masks:
            expected = exact.search(vectors[3], k, only=only)
            found = ours.search(vectors[3], k, only=only)
            assert found.ids.tolist() == expected.ids.tolist()
            assert np.allclose(found.scores, expected.scores, atol=1e-6)


def test_few_ids_are_looked_up_among_many() -> None:
    known = np.array([2, 3, 5, 7, 11])
    ids = np.array([11, 1, 7, 12, 2, 2])
    assert among(ids, known).tolist() == [True, False, True, False, True, True]
    assert among(ids, known[:0]).tolist() == [False] * 6
    assert among(ids[:0], known).tolist() == []
