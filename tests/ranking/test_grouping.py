"""Photos of one scene, from numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.ranking.grouping import Traits, alike, collapse
from searchengine.ranking.near_pairs import near_pairs
from tests.vectors.samples import unit_vectors

DIM = 64
LOOK = 0x0F0F_3C3C_5A5A_9696


def near(vector: np.ndarray, cosines: list[float], seed: int = 0) -> np.ndarray:
    """Vectors at these cosines from one, each in a direction of its own: float32 (n, dim)."""
    directions = np.random.default_rng((seed, 1)).normal(size=(len(cosines), len(vector)))
    directions -= np.outer(directions @ vector, vector)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    kept = np.array(cosines)[:, None]
    return (kept * vector + np.sqrt(1 - kept**2) * directions).astype(np.float32)


def traits(vectors: np.ndarray, looks: list[int] | int = LOOK, times: list[float] | float = np.nan) -> Traits:
    count = len(vectors)
    return Traits(
        np.asarray(vectors, np.float32),
        np.broadcast_to(np.array(looks, np.uint64), count).copy(),
        np.broadcast_to(np.array(times, np.float64), count).copy(),
    )


def flipped(look: int, bits: int) -> int:
    return look ^ ((1 << bits) - 1)


@pytest.fixture
def scene() -> np.ndarray:
    return unit_vectors(1, DIM)[0]


def test_a_burst_is_one_group_with_its_best_first(scene: np.ndarray) -> None:
    frames = near(scene, [0.95] * 8)
    groups = collapse(traits(frames, times=[100.0 + n for n in range(8)]), 0.0)
    assert [group.tolist() for group in groups] == [list(range(8))]


def test_what_is_as_alike_but_taken_another_day_stays_apart(scene: np.ndarray) -> None:
    frames = np.stack([scene, *near(scene, [0.87])])
    look = [LOOK, flipped(LOOK, 20)]
    assert len(collapse(traits(frames, look, [0.0, 3.0]), 0.0)) == 1
    assert len(collapse(traits(frames, look, [0.0, 86_400.0]), 0.0)) == 2
    assert len(collapse(traits(frames, look), 0.0)) == 2


def test_a_near_copy_belongs_to_its_photo_whenever_it_was_made(scene: np.ndarray) -> None:
    pair = np.stack([scene, *near(scene, [0.97])])
    assert len(collapse(traits(pair, [LOOK, flipped(LOOK, 4)], [0.0, 86_400.0]), 0.0)) == 1


def test_seconds_alone_make_no_scene() -> None:
    apart = unit_vectors(6, DIM)
    assert len(collapse(traits(apart, times=[float(n) for n in range(6)]), 0.0)) == 6


def test_a_model_sees_two_dogs_alike_and_their_looks_tell_them_apart(scene: np.ndarray) -> None:
    dogs = np.stack([scene, *near(scene, [0.93])])
    assert len(collapse(traits(dogs, [LOOK, flipped(LOOK, 28)]), 0.0)) == 2


def test_where_a_look_is_not_known_the_model_must_be_surer(scene: np.ndarray) -> None:
    assert len(collapse(traits(np.stack([scene, *near(scene, [0.96])]), [LOOK, 0]), 0.0)) == 1
    assert len(collapse(traits(np.stack([scene, *near(scene, [0.90])]), [LOOK, 0]), 0.0)) == 2
    assert len(collapse(traits(np.stack([scene, *near(scene, [0.90])]), [LOOK, LOOK]), 0.0)) == 1


def test_a_walk_whose_photos_resemble_each_their_neighbour_is_no_one_group() -> None:
    angles = np.arange(15) * 0.2  # neighbours at a cosine of 0.98
    walk = np.zeros((15, DIM))
    walk[:, 0], walk[:, 1] = np.cos(angles), np.sin(angles)
    groups = collapse(traits(walk), 0.0)
    assert max(len(group) for group in groups) <= 7


def test_what_is_alike_is_measured_from_what_photos_are_to_that_model(scene: np.ndarray) -> None:
    """Some models hold any two photos at a cosine of 0.7: 0.9 is then nothing much."""
    pair = traits(np.stack([scene, *near(scene, [0.9])]))
    assert len(collapse(pair, 0.0)) == 1
    assert len(collapse(pair, 0.7)) == 2


def test_a_library_of_nothing_but_one_burst_is_one_group(scene: np.ndarray) -> None:
    frames = near(scene, [0.98] * 8)
    mean = frames.mean(axis=0)
    groups = collapse(traits(frames, times=[float(n) for n in range(8)]), float(mean @ mean))
    assert len(groups) == 1


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 30))
def test_every_photo_is_in_one_group_and_a_page_is_the_start_of_all(seed: int, count: int, most: int) -> None:
    some = mixed(seed, count)
    groups = [group.tolist() for group in collapse(some, 0.0)]
    assert sorted(position for group in groups for position in group) == list(range(count))
    assert [group[0] for group in groups] == sorted(min(group) for group in groups)
    assert all(group == sorted(group) for group in groups)
    assert [group.tolist() for group in collapse(some, 0.0, most=most)] == groups[:most]


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_whether_two_are_alike_does_not_depend_on_which_is_asked_about(seed: int, count: int) -> None:
    some = mixed(seed, count)
    table = alike(some, np.arange(count), 0.0)
    assert (table == table.T).all()
    assert table.diagonal().all()


def test_the_pairs_of_a_small_library_are_all_that_there_are() -> None:
    some = mixed(1, 90)
    table = np.argwhere(alike(some, np.arange(90), 0.0))
    np.testing.assert_array_equal(near_pairs(some, 0.0, lambda _done, _whole: None), table[table[:, 0] < table[:, 1]])


def test_in_a_large_library_near_copies_are_found_without_comparing_all_with_all() -> None:
    """Photos lie about a few hundred subjects, as they do; a tenth of them has a near-copy."""
    subjects = unit_vectors(300, DIM)
    originals = np.concatenate([near(subject, [0.7] * 20, seed) for seed, subject in enumerate(subjects)])  # (6000,)
    copies = np.concatenate([near(vector, [0.97], seed) for seed, vector in enumerate(originals[::10])])
    looks = np.random.default_rng(0).integers(1, 2**63, len(originals), np.uint64)
    some = traits(np.concatenate([originals, copies]), [*looks.tolist(), *looks[::10].tolist()])
    told: list[tuple[int, int]] = []
    pairs = near_pairs(some, 0.0, lambda done, whole: told.append((done, whole)))
    made = {(10 * number, len(originals) + number) for number in range(len(copies))}
    found = set(map(tuple, pairs.tolist()))
    assert len(made & found) >= 0.98 * len(made)
    assert len(found - made) <= 0.01 * len(made)
    assert told[-1] == (len(some), len(some))
    np.testing.assert_array_equal(pairs, near_pairs(some, 0.0, lambda _done, _whole: None))


def test_an_empty_library_has_no_pairs() -> None:
    assert near_pairs(mixed(0, 0), 0.0, lambda _done, _whole: None).shape == (0, 2)


def mixed(seed: int, count: int) -> Traits:
    """Photos of a few scenes, some alike, some taken together, some of which little is known."""
    chance = np.random.default_rng(seed)
    scenes = unit_vectors(8, DIM, seed=seed)
    vectors = np.concatenate(
        [near(scenes[chance.integers(8)], [chance.uniform(0.6, 1)], seed + n) for n in range(count)]
        or [np.empty((0, DIM))]
    )
    looks = [chance.choice([0, LOOK, flipped(LOOK, int(chance.integers(64)))]) for _ in range(count)]
    times = chance.choice([np.nan, 0.0, 5.0, 30.0], count) if count else np.empty(0)
    return traits(vectors, looks or 1, times)
