"""How sure it is that a photo fits: comparable between queries and models, and of random towers never sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.ranking.relevance import (
    THRESHOLDS,
    Yardstick,
    band,
    relevance_of_photo,
    relevance_of_text,
    relevance_of_texts,
    together,
)
from searchengine.records import Band
from tests.vectors.samples import unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Vectors

DIM = 48


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def towers(count: int, seed: int = 0, noise: float = 0.3) -> tuple[Vectors, Vectors]:
    """Photos and the sentences that fit them: both vary most in the same few of 48 directions."""
    random = np.random.default_rng(seed)
    meanings = random.normal(size=(count, DIM)) * np.exp(-np.arange(DIM) / 6)
    photos, sentences = (unit(meanings + noise * random.normal(size=meanings.shape) / DIM**0.5) for _ in range(2))
    return photos, sentences


def rotation(seed: int) -> Vectors:
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(DIM, DIM)))
    return turned.astype(np.float32)


PHOTOS, SENTENCES = towers(400)
_, BACKGROUND = towers(200, seed=1)
YARDSTICK = Yardstick.of(PHOTOS, BACKGROUND)


def test_a_photo_that_fits_has_more_than_others_have() -> None:
    relevances = relevance_of_texts(YARDSTICK, SENTENCES, PHOTOS)
    own = np.diag(relevances)
    assert ((relevances >= 0) & (relevances <= 1)).all()
    assert np.mean(own[:, None] > relevances) > 0.9
    np.testing.assert_allclose(relevance_of_text(YARDSTICK, SENTENCES[3], PHOTOS), relevances[3], atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_a_photo_with_more_of_the_sentence_never_has_less_relevance(seed: int, more: float) -> None:
    """More of it beside everything that neutral sentences speak of: nothing else changes."""
    query = SENTENCES[seed % len(SENTENCES)]
    neutral = BACKGROUND - BACKGROUND.mean(axis=0)
    _, _, directions = np.linalg.svd(neutral[: DIM // 2], full_matrices=True)
    yardstick = Yardstick.of(PHOTOS, BACKGROUND[: DIM // 2])
    beside = directions[DIM // 2 :].T @ (directions[DIM // 2 :] @ (query - yardstick.background.mean(axis=0)))
    photo = unit_vectors(1, DIM, seed=seed)
    before, after = relevance_of_text(yardstick, query, np.concatenate([photo, photo + more * beside]))
    assert after >= before - 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_turning_the_space_changes_nothing(seed: int) -> None:
    turned = rotation(seed)
    yardstick = Yardstick.of(PHOTOS @ turned, BACKGROUND @ turned)
    for relevance_of, query in ((relevance_of_text, SENTENCES[0]), (relevance_of_photo, PHOTOS[0])):
        before = relevance_of(YARDSTICK, query, PHOTOS)
        np.testing.assert_allclose(relevance_of(yardstick, query @ turned, PHOTOS @ turned), before, atol=1e-3)


def test_a_gap_between_the_towers_and_another_scale_change_next_to_nothing() -> None:
    """What all photos, or all sentences, have in common is no reason to be surer."""
    random = np.random.default_rng(0)
    up, aside = (0.3 * random.normal(size=DIM).astype(np.float32) for _ in range(2))
    photos, background, sentences = (
        (0.5 * (vectors + by)).astype(np.float32)
        for vectors, by in ((PHOTOS, up), (BACKGROUND, aside), (SENTENCES, aside))
    )
    moved = relevance_of_texts(Yardstick.of(photos, background), sentences, photos)
    np.testing.assert_allclose(moved, relevance_of_texts(YARDSTICK, SENTENCES, PHOTOS), atol=0.05)


@pytest.mark.parametrize("photos", [2, 10, 50, 400])
def test_towers_that_have_nothing_to_do_with_each_other_are_sure_of_nothing(photos: int) -> None:
    assert photos == 2 or Yardstick.of(PHOTOS[:photos], BACKGROUND).aligned
    for seed in range(20):
        yardstick = Yardstick.of(PHOTOS[:photos], BACKGROUND @ rotation(seed))
        assert not relevance_of_texts(yardstick, SENTENCES @ rotation(seed), PHOTOS).any()
        assert not relevance_of_photo(yardstick, PHOTOS[0], PHOTOS).any()


@pytest.mark.parametrize("photos", [0, 1, 2, 3, 10])
def test_a_library_of_few_photos_or_of_equal_ones_gives_finite_numbers(photos: int) -> None:
    for sample in (PHOTOS[:photos], np.tile(PHOTOS[:1], (photos, 1))):
        yardstick = Yardstick.of(sample, BACKGROUND)
        assert np.isfinite(relevance_of_text(yardstick, SENTENCES[0], PHOTOS)).all()
        assert np.isfinite(relevance_of_photo(yardstick, PHOTOS[0], PHOTOS)).all()


def test_a_copy_of_the_photo_that_was_asked_with_comes_first() -> None:
    relevances = relevance_of_photo(YARDSTICK, PHOTOS[7], PHOTOS)
    assert relevances.argmax() == 7
    assert band(relevances[7]) is not Band.NONE


def test_bands_are_cut_where_they_say() -> None:
    for name, least in THRESHOLDS.items():
        assert band(least) is name
        assert band(least - 1e-9) is not name
    assert band(0) is Band.NONE
    assert list(THRESHOLDS.values()) == sorted(THRESHOLDS.values(), reverse=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0.1, 10))
def test_things_asked_for_together_are_no_surer_than_the_least_sure_of_equal_weight(
    relevances: list[float], weight: float
) -> None:
    column, equal = np.array(relevances)[:, None], np.full(len(relevances), weight)
    both = together(column, equal)[0]
    assert 0 <= both <= column.min() + 1e-9
    assert together(column[:1], equal[:1])[0] == pytest.approx(column[0, 0], abs=1e-9)


def test_what_weighs_less_lowers_the_whole_less() -> None:
    relevances = np.array([[0.9], [0.3]])
    assert together(relevances, np.array([2.0, 1.0]))[0] > together(relevances, np.array([1.0, 1.0]))[0]
