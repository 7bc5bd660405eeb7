"""Recall and ranks against a definition written out slowly, on data that hypothesis finds."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from searchengine.training import evaluation
from searchengine.training.evaluation import Recall, ranks_both_ways


@st.composite
def collections(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Photos and captions, each photo with at least one; whole numbers, so that scores are exact and ties common."""
    photos, dim = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    owners = draw(st.permutations([*range(photos), *draw(st.lists(st.integers(0, photos - 1), max_size=20))]))
    numbers = st.integers(-3, 3)

    def matrix(rows: int) -> NDArray[np.float32]:
        flat = draw(st.lists(numbers, min_size=rows * dim, max_size=rows * dim))
        return np.array(flat, np.float32).reshape(rows, dim)

    return matrix(photos), matrix(len(owners)), np.array(owners)


def found_among_the_first(scores: list[float], own: set[int], k: int) -> bool:
    """CLIP_benchmark's definition, at its word: one of the query's own is among the k that score highest.

    Its `topk` takes any of those that score alike; here the ones that aren't the query's own come first.
    """
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i in own))
    return any(i in own for i in order[:k])


@given(collections())
@settings(max_examples=200, deadline=None)
def test_a_rank_within_k_is_an_own_one_among_the_first_k(
    data: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]],
) -> None:
    images, texts, owners = data
    to_image, to_text = ranks_both_ways(images, texts, owners)
    assert (to_image.shape, to_text.shape) == ((len(texts),), (len(images),))
    for k in range(1, len(texts) + 2):
        for caption, owner in enumerate(owners):
            scores = [float(texts[caption] @ image) for image in images]
            assert (to_image[caption] <= k) == found_among_the_first(scores, {int(owner)}, k)
        for photo in range(len(images)):
            scores = [float(images[photo] @ text) for text in texts]
            own = {caption for caption, owner in enumerate(owners) if owner == photo}
            assert (to_text[photo] <= k) == found_among_the_first(scores, own, k)


@given(collections(), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_ranks_do_not_depend_on_how_much_is_in_memory_at_a_time(
    data: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]], at_once: int
) -> None:
    whole = ranks_both_ways(*data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "SCORES_AT_ONCE", at_once)
        parts = ranks_both_ways(*data)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_recall_never_falls_with_k_and_is_all_when_no_rank_is_larger(ranks: list[int]) -> None:
    recall = Recall.of(np.array(ranks))
    shares = (0.0, recall.at_1, recall.at_5, recall.at_10, 1.0)
    assert all(less <= more for less, more in pairwise(shares))
    assert (recall.at_10 == 1.0) == (max(ranks) <= 10)
    assert sum(rank <= recall.median_rank for rank in ranks) >= len(ranks) / 2


def test_a_model_that_finds_everything_alike_finds_nothing() -> None:
    images, texts = np.ones((20, 2), np.float32), np.ones((60, 2), np.float32)
    to_image, to_text = ranks_both_ways(images, texts, np.repeat(np.arange(20), 3))
    assert Recall.of(to_image) == Recall(0.0, 0.0, 0.0, 20.0)
    assert Recall.of(to_text) == Recall(0.0, 0.0, 0.0, 58.0)  # 57 captions of others, then its own


def test_memory_stays_bounded_however_large_the_collection_is() -> None:
    random = np.random.default_rng(0)
    images, texts = (random.normal(size=(count, 4)).astype(np.float32) for count in (4_000, 20_000))
    tracemalloc.start()
    try:
        ranks_both_ways(images, texts, np.repeat(np.arange(4_000), 5))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150e6  # bytes; the whole matrix would take 320 MB, and its comparisons as much again
