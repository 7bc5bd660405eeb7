"""Words and photos together: what each part asks for counts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.ranking.fusion import fuse
from searchengine.ranking.relevance import Yardstick
from tests.vectors.samples import unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Vector, Vectors


def against(library: Vectors) -> Yardstick:
    return Yardstick.of(library, library[:0])


def alike(parts: Vectors, library: Vectors) -> Vector:
    return fuse(parts, np.ones(len(parts)), against(library))


def test_one_part_stays_as_it_is() -> None:
    part = unit_vectors(1, 16)
    np.testing.assert_allclose(alike(part, unit_vectors(50, 16, seed=1)), part[0], atol=1e-3)


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_one_vector_orders_as_the_sum_of_standard_scores_does(seed: int, parts: int) -> None:
    library = unit_vectors(40, 16, seed=seed)
    asked = unit_vectors(parts, 16, seed=seed + 1)
    similarities = library @ asked.T
    standard = (similarities - similarities.mean(axis=0)) / similarities.std(axis=0)
    fused = library @ alike(asked, library)
    assert np.corrcoef(fused, standard.sum(axis=1))[0, 1] == pytest.approx(1, abs=1e-5)


def test_a_part_of_twice_the_weight_counts_twice() -> None:
    library, parts = unit_vectors(40, 16), unit_vectors(2, 16, seed=1)
    similarities = library @ parts.T
    standard = (similarities - similarities.mean(axis=0)) / similarities.std(axis=0)
    fused = library @ fuse(parts, np.array([2.0, 1.0]), against(library))
    assert np.corrcoef(fused, standard @ [2, 1])[0, 1] == pytest.approx(1, abs=1e-5)


def test_a_part_with_small_differences_counts_as_much_as_one_with_large_ones() -> None:
    """The first part tells photos apart by 0.02, the second by 0.5; the photo that is second best for both wins."""
    library = np.array([[0.10, 0.0], [0.09, 0.45], [0.08, 0.5]], np.float32)  # cosines with the parts
    words, photo = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    assert np.argmax(library @ alike(np.stack([words, photo]), library)) == 1
    assert np.argmax(library @ (words + photo)) == 2


def test_a_library_of_equal_photos_and_an_empty_one_give_no_nonsense() -> None:
    parts = unit_vectors(2, 16)
    for sample in (np.empty((0, 16), np.float32), parts[:1], np.tile(parts[:1], (20, 1))):
        fused = alike(parts, sample)
        assert np.linalg.norm(fused) == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(fused, (parts[0] + parts[1]) / np.linalg.norm(parts[0] + parts[1]), atol=1e-5)


def test_parts_that_cancel_each_other_give_finite_numbers() -> None:
    part = unit_vectors(1, 16)
    assert np.isfinite(alike(np.concatenate([part, -part]), unit_vectors(10, 16, seed=1))).all()
