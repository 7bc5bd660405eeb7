"""Feedback moves a query towards what was meant, and only as far as the marks carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.ranking.feedback import refine
from searchengine.ranking.relevance import Yardstick

if TYPE_CHECKING:
    from searchengine.records import Vector, Vectors

DIM = 24


def unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def library(seed: int = 0, each: int = 60) -> tuple[Vectors, Vectors, Vector, Yardstick]:
    """Photos of two kinds, n of each among five times as many others, and words that fit both kinds alike."""
    random = np.random.default_rng(seed)
    middles = unit(random.normal(size=(2, DIM)))
    common = random.normal(size=DIM)
    first, second = (unit(common + 3 * middle + random.normal(size=(each, DIM))) for middle in middles)
    others = unit(common + random.normal(size=(5 * each, DIM)))
    yardstick = Yardstick.of(np.concatenate([first, second, others]), unit(random.normal(size=(20, DIM))))
    return first, second, unit(middles.sum(0)), yardstick


def share_above(query: Vector, wanted: Vectors, others: Vectors) -> float:
    """How often a wanted photo stands before another one, ROC AUC."""
    return float((wanted @ query > (others @ query)[:, None]).mean())


def test_without_marks_it_is_the_query_itself() -> None:
    _, _, query, yardstick = library()
    none = np.zeros((0, DIM), np.float32)
    assert refine(query, none, none, yardstick) is query


@pytest.mark.parametrize("seed", range(5))
def test_marks_tell_which_of_two_kinds_was_meant(seed: int) -> None:
    first, second, query, yardstick = library(seed)
    refined = refine(query, first[:3], second[:2], yardstick)
    assert share_above(refined, first[3:], second[2:]) > share_above(query, first[3:], second[2:]) + 0.1


@pytest.mark.parametrize("seed", range(5))
def test_what_fits_comes_nearer_and_what_does_not_goes_away(seed: int) -> None:
    first, second, query, yardstick = library(seed)
    none = first[:0]
    towards, away = refine(query, first[:1], none, yardstick), refine(query, none, second[:1], yardstick)
    assert share_above(towards, first[1:], second) > share_above(query, first[1:], second)
    assert share_above(away, first, second[1:]) > share_above(query, first, second[1:])


def test_more_marks_weigh_more() -> None:
    first, second, query, yardstick = library()
    kept = [float(refine(query, first[:n], second[:0], yardstick) @ query) for n in (1, 4, 16)]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] > 0.5  # and the words are still asked for


@pytest.mark.parametrize("seed", range(10))
def test_any_marks_give_a_query_and_their_order_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    first, second, query, yardstick = library(seed)
    good, bad = first[: random.integers(0, 9)], second[: random.integers(1, 9)]
    refined = refine(query, good, bad, yardstick)
    assert refined.dtype == np.float32
    assert np.linalg.norm(refined) == pytest.approx(1, abs=1e-5)
    assert refine(query, good[::-1], random.permutation(bad), yardstick) == pytest.approx(refined, abs=1e-5)


def test_a_library_of_one_photo_can_be_marked() -> None:
    first, _, query, _ = library()
    one = Yardstick.of(first[:1], first[5:9])
    assert np.isfinite(refine(query, first[:1], first[:0], one)).all()
    assert np.isfinite(refine(query, first[:0], first[:1], one)).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_logistic_layer_is_found_however_hard_the_marks_pull(seed: int) -> None:
    """At the best, the layer differs from its middle by the marks, each times how far the layer is wrong about it."""
    first, second, query, yardstick = library(seed)
    many, few = refine(query, first[:30], second[:1], yardstick), refine(query, first[:1], second[:30], yardstick)
    wrong = refine(query, second[:20], first[:20], yardstick)
    assert np.isfinite([many, few, wrong]).all()
    assert share_above(wrong, second[20:], first[20:]) > 0.8
