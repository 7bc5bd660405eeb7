from __future__ import annotations

import numpy as np
import pytest
import torch

from searchengine.embedding.preprocessing import Normalisation
from searchengine.training.batches import Order, chances, draw, pictures_of
from searchengine.training.pairs import Pairs
from searchengine.training.views import by_chance, resized, seen_small

CPU = torch.device("cpu")
AS_IT_IS = Normalisation((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


@pytest.fixture
def pairs() -> Pairs:
    """20 photos of 10 × 10; photo i has the captions [i + 1], [i + 1, i + 1], …, one to three of them."""
    rng = np.random.default_rng(0)
    counts = 1 + np.arange(20) % 3
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    lengths = np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32)
    tokens = np.zeros((len(lengths), 6), np.int32)
    for photo in range(20):
        for row in range(first[photo], first[photo + 1]):
            tokens[row, : lengths[row]] = photo + 1
    return Pairs(rng.integers(256, size=(20, 10, 10, 3)).astype(np.uint8), tokens, lengths, first)


def test_an_epoch_shows_every_photo_once_and_each_in_another_order() -> None:
    order = Order(23, 5, seed=3)
    assert order.steps_per_epoch == 4
    epochs = [np.concatenate([order.at(4 * epoch + step) for step in range(4)]).tolist() for epoch in range(3)]
    assert all(len(set(epoch)) == 20 for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_step_draws_the_same_whether_or_not_others_went_before(pairs: Pairs) -> None:
    warm = Order(20, 6, seed=3)
    for step in range(8):
        warm.at(step)
    assert warm.at(7).tolist() == Order(20, 6, seed=3).at(7).tolist()
    one, other = (draw(pairs, warm.at(7), AS_IT_IS, (8, 8), chances(3, 7, 0), CPU, augment=True) for _ in range(2))
    torch.testing.assert_close(one.pixels, other.pixels, rtol=0, atol=0)
    assert one.input_ids.tolist() == other.input_ids.tolist()
    different = draw(pairs, warm.at(7), AS_IT_IS, (8, 8), chances(3, 8, 0), CPU, augment=True)
    assert not torch.equal(one.pixels, different.pixels)


def test_each_photo_comes_with_one_of_its_captions_and_in_time_with_all(pairs: Pairs) -> None:
    photos = np.arange(20)
    seen: list[set[int]] = [set() for _ in photos]
    for step in range(40):
        batch = draw(pairs, photos, AS_IT_IS, (8, 8), chances(0, step, 0), CPU, augment=False)
        assert (batch.input_ids[:, 0] == torch.from_numpy(photos) + 1).all()
        assert batch.input_ids.shape == batch.attention_mask.shape
        assert int(batch.attention_mask.sum(1).max()) == batch.input_ids.shape[1]  # no longer than the longest
        for photo, length in enumerate(batch.attention_mask.sum(1).tolist()):
            seen[photo].add(length)
    assert [len(lengths) for lengths in seen] == (1 + photos % 3).tolist()


def test_without_augmentation_the_middle_is_seen_as_it_is(pairs: Pairs) -> None:
    batch = draw(pairs, np.array([4]), AS_IT_IS, (8, 8), chances(0, 0, 0), CPU, augment=False)
    np.testing.assert_array_equal(batch.pixels[0].permute(1, 2, 0).numpy(), pairs.pictures[4, 1:9, 1:9])


def test_pixels_are_normalised_channel_by_channel(pairs: Pairs) -> None:
    found = pictures_of(pairs, np.array([2]), Normalisation((0.5, 1.0, 2.0), (1.0, 0.0, -3.0)), CPU)
    expected = pairs.pictures[2] * np.array([0.5, 1.0, 2.0]) + np.array([1.0, 0.0, -3.0])
    np.testing.assert_allclose(found[0].permute(1, 2, 0).numpy(), expected, rtol=1e-6)


def test_parts_of_a_batch_are_the_batch(pairs: Pairs) -> None:
    batch = draw(pairs, np.arange(7), AS_IT_IS, (8, 8), chances(0, 0, 0), CPU, augment=False)
    parts = batch.parts(3)
    assert [len(part) for part in parts] == [3, 3, 1]
    assert torch.equal(torch.cat([part.pixels for part in parts]), batch.pixels)


def test_views_by_chance_stay_pictures_and_differ() -> None:
    ramp = torch.arange(40.0).expand(6, 3, 40, 40) * 6  # brighter to the right
    views = by_chance(ramp, 32, 32, np.random.default_rng(1))
    assert views.shape == (6, 3, 32, 32)
    assert views.min() >= 0
    assert views.max() <= 255
    rises = (views[:, 0, 16, 31] > views[:, 0, 16, 0]).tolist()
    assert set(rises) == {True, False}  # some are mirrored
    assert len({round(float(view.mean()), 3) for view in views}) == 6


def test_a_picture_seen_small_keeps_its_size_and_loses_its_detail() -> None:
    board = 255.0 * ((torch.arange(96)[:, None] + torch.arange(96)) % 2).expand(2, 3, 96, 96)
    small = seen_small(board, np.random.default_rng(0))
    assert small.shape == board.shape
    assert small.std() < board.std() / 4
    assert abs(float(small.mean() - board.mean())) < 3


def test_a_resized_picture_is_the_whole_of_it() -> None:
    halves = torch.cat([torch.zeros(1, 3, 40, 20), torch.full((1, 3, 40, 20), 200.0)], dim=3)
    seen = resized(halves, 20)
    assert seen.shape == (1, 3, 20, 20)
    assert seen[..., :8].max() < 5
    assert seen[..., 12:].min() > 195
    assert resized(halves, 40) is halves
