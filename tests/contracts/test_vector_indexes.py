"""One suite over every `VectorIndex`: what any of them promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.vectors import faiss_file
from searchengine.vectors.exact import ExactIndex
from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.samples import ids_of, origin, unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Ids, Vectors
    from searchengine.vectors.base import VectorIndex

    Build = Callable[[Ids, Vectors], VectorIndex]

DIM = 16


@pytest.fixture(params=["exact", "faiss", "faiss mapped"])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    """Builds an index that holds what is given."""

    def build(ids: Ids, vectors: Vectors) -> VectorIndex:
        if request.param == "exact":
            exact = ExactIndex(vectors.shape[1])
            exact.add(ids, vectors)
            return exact
        index = FaissIndex(vectors.shape[1])
        index.add(ids, vectors)
        if request.param == "faiss mapped":
            faiss_file.write(tmp_path / "vectors.faiss", index, origin(vectors.shape[1]))
            index, _ = faiss_file.read(tmp_path / "vectors.faiss")
        return index

    return build


@pytest.fixture
def vectors() -> Vectors:
    return unit_vectors(50, DIM)


@pytest.fixture
def index(build: Build, vectors: Vectors) -> VectorIndex:
    """Fifty vectors with the ids 0, 10, 20, …"""
    return build(np.arange(50) * 10, vectors)


def test_a_vector_finds_itself_first(index: VectorIndex, vectors: Vectors) -> None:
    for row in range(50):
        matches = index.search(vectors[row], 3)
        assert matches.ids[0] == row * 10
        assert matches.scores[0] == pytest.approx(1, abs=1e-3)


def test_scores_are_cosines_and_best_comes_first(index: VectorIndex, vectors: Vectors) -> None:
    query = unit_vectors(1, DIM, seed=1)[0]
    matches = index.search(query, 10)
    cosines = vectors @ query
    order = np.argsort(-cosines)[:10]
    assert matches.ids.tolist() == (order * 10).tolist()
    assert matches.scores == pytest.approx(cosines[order], abs=1e-5)
    assert matches.ids.dtype == np.int64
    assert matches.scores.dtype == np.float32


def test_it_says_what_it_holds(index: VectorIndex) -> None:
    assert index.dim == DIM
    assert len(index) == 50
    assert index.ids.tolist() == list(range(0, 500, 10))


def test_more_are_asked_for_than_there_are(index: VectorIndex, vectors: Vectors) -> None:
    matches = index.search(vectors[0], 1000)
    assert sorted(matches.ids.tolist()) == list(range(0, 500, 10))


@pytest.mark.parametrize("k", [0, -1])
def test_none_are_asked_for(index: VectorIndex, vectors: Vectors, k: int) -> None:
    assert len(index.search(vectors[0], k)) == 0


def test_an_empty_index_finds_nothing(build: Build, vectors: Vectors) -> None:
    index = build(ids_of(), np.empty((0, DIM), np.float32))
    assert len(index) == 0
    assert len(index.search(vectors[0], 5)) == 0
    assert len(index.search(vectors[0], 5, only=ids_of(1, 2))) == 0
    assert index.remove(ids_of(1)) == 0
    index.add(ids_of(7), vectors[:1])
    assert index.search(vectors[0], 5).ids.tolist() == [7]


def test_an_id_that_is_added_again_gets_its_new_vector(index: VectorIndex, vectors: Vectors) -> None:
    index.add(ids_of(40, 500), vectors[[7, 8]])
    assert len(index) == 51
    assert index.search(vectors[7], 2).ids.tolist() == [40, 70]
    assert 40 not in index.search(vectors[4], 1).ids


def test_ids_may_come_in_any_order(index: VectorIndex) -> None:
    later = unit_vectors(3, DIM, seed=2)
    index.add(ids_of(999, 5, 101), later)
    assert index.ids.tolist() == sorted([*range(0, 500, 10), 5, 101, 999])
    for vector, id_ in zip(later, (999, 5, 101), strict=True):
        assert index.search(vector, 1).ids.tolist() == [id_]


def test_what_was_removed_is_not_found(index: VectorIndex, vectors: Vectors) -> None:
    assert index.remove(ids_of(30, 31, 490, -4)) == 2
    assert len(index) == 48
    assert not {30, 490} & set(index.search(vectors[3], 50).ids.tolist())
    index.add(ids_of(30), vectors[3:4])
    assert index.search(vectors[3], 1).ids.tolist() == [30]


def test_everything_can_be_removed(index: VectorIndex, vectors: Vectors) -> None:
    assert index.remove(index.ids) == 50
    assert len(index) == 0
    assert len(index.search(vectors[0], 5)) == 0


@pytest.mark.parametrize("eligible", [1, 2, 5, 25, 49, 50])
def test_a_restriction_holds_before_the_top_k(index: VectorIndex, vectors: Vectors, eligible: int) -> None:
    """At every selectivity exactly the best of the eligible ones come back."""
    only = np.random.default_rng(eligible).permutation(50)[:eligible] * 10
    query = unit_vectors(1, DIM, seed=3)[0]
    matches = index.search(query, 5, only=only)
    expected = sorted(only.tolist(), key=lambda id_: -float(vectors[id_ // 10] @ query))[:5]
    assert matches.ids.tolist() == expected


def test_a_restriction_may_name_unknown_ids_and_repeat_itself(index: VectorIndex, vectors: Vectors) -> None:
    assert index.search(vectors[0], 9, only=ids_of(20, 3, 20, -1, 10**12)).ids.tolist() == [20]
    assert len(index.search(vectors[0], 9, only=ids_of(3, 4))) == 0
    assert len(index.search(vectors[0], 9, only=ids_of())) == 0


def test_equal_scores_are_ordered_by_id_even_where_the_cut_falls(build: Build) -> None:
    """The first n of a long answer are the answer to asking for n; paging depends on it."""
    vectors = unit_vectors(40, DIM)
    vectors[5:35] = vectors[5]  # thirty photos of the same black frame
    index = build(np.arange(40)[::-1].copy(), vectors)
    everything = index.search(vectors[5], 40).ids.tolist()
    assert everything[:30] == list(range(5, 35))
    for k in range(1, 40):
        assert index.search(vectors[5], k).ids.tolist() == everything[:k]
    odd = np.arange(1, 40, 2)
    assert index.search(vectors[5], 4, only=odd).ids.tolist() == [5, 7, 9, 11]


def test_opposite_vectors_are_found_last_but_found(build: Build) -> None:
    vectors = unit_vectors(1, DIM)
    index = build(ids_of(1, 2), np.concatenate([vectors, -vectors]))
    assert index.search(vectors[0], 2).ids.tolist() == [1, 2]
    assert index.search(vectors[0], 2).scores[1] == pytest.approx(-1, abs=1e-3)


@pytest.mark.parametrize("shape", [(2, DIM + 1), (2, DIM - 1), (3, DIM), (2,), (2, DIM, 1)])
def test_a_wrong_shape_is_refused(index: VectorIndex, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="vectors"):
        index.add(ids_of(1, 2), np.zeros(shape, np.float32))
    assert len(index) == 50


def test_a_wrong_query_is_refused(index: VectorIndex) -> None:
    for shape in [(DIM + 1,), (1, DIM), ()]:
        with pytest.raises(ValueError, match="query"):
            index.search(np.zeros(shape, np.float32), 1)
    with pytest.raises(ValueError, match="finite"):
        index.search(np.full(DIM, np.nan, np.float32), 1)


def test_a_repeated_id_is_refused(index: VectorIndex, vectors: Vectors) -> None:
    with pytest.raises(ValueError, match="repeated"):
        index.add(ids_of(1, 2, 1), vectors[:3])
    assert len(index) == 50


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_refused(index: VectorIndex, vectors: Vectors, number: float) -> None:
    vectors = vectors[:2].copy()
    vectors[1, 3] = number
    with pytest.raises(ValueError, match="finite"):
        index.add(ids_of(1, 2), vectors)
    assert len(index) == 50
