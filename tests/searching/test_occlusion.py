"""Whether hiding regions finds those that speak for a query, with a model of colours and with the built-in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from searchengine.embedding.model_store import ModelStore
from searchengine.searching.occlusion import evidence
from tests.fakes import PALETTE, ColourModel

if TYPE_CHECKING:
    from searchengine.records import Pixels


def squares(**colours: tuple[int, int]) -> Pixels:
    """A grey picture with a square of each colour in a cell of a 4 × 4 grid, (row, column)."""
    picture = np.full((96, 96, 3), PALETTE["grey"], np.uint8)
    for colour, (row, column) in colours.items():
        picture[24 * row : 24 * row + 24, 24 * column : 24 * column + 24] = PALETTE[colour]
    return picture


def silent(done: int, whole: int) -> None:
    assert 0 < done <= whole


@pytest.mark.parametrize("cell", [(0, 0), (1, 2), (3, 3)])
def test_the_region_of_a_colour_speaks_for_it_and_against_the_other(cell: tuple[int, int]) -> None:
    model = ColourModel()
    other = (3 - cell[0], 3 - cell[1])
    prepared = model.prepare(squares(red=cell, blue=other))
    queries = model.encode_texts(["red", "blue"])
    maps, vector = evidence(model, prepared, queries, silent)
    assert maps.shape == (2, 24, 24)
    assert np.allclose(vector, model.encode_prepared(prepared[None])[0])
    for map_, (row, column) in zip(maps, (cell, other), strict=True):
        peak = np.unravel_index(map_.argmax(), map_.shape)
        assert (peak[0] // 6, peak[1] // 6) == (row, column)


def test_of_two_photos_side_by_side_the_half_that_shows_the_thing_gets_most(sample_photos: Path) -> None:
    cat, rocket = (
        np.asarray(Image.open(sample_photos / name).resize((160, 160))) for name in ("chelsea.png", "rocket.jpg")
    )
    model = ModelStore(sample_photos / "models").open("builtin", accelerated=False)
    prepared = model.prepare(np.concatenate([rocket, cat], axis=1))
    maps, _ = evidence(model, prepared, model.encode_texts(["a cat", "a rocket"]), silent)
    lit = np.maximum(maps, 0)
    right = lit[:, :, lit.shape[2] // 2 :].sum(axis=(1, 2)) / lit.sum(axis=(1, 2))
    assert right[0] > 0.75
    assert right[1] < 0.25


def test_where_nothing_is_asked_for_hiding_costs_nothing() -> None:
    model = ColourModel()
    prepared = model.prepare(np.full((96, 96, 3), PALETTE["grey"], np.uint8))
    maps, _ = evidence(model, prepared, model.encode_texts(["red"]), silent)
    assert np.abs(maps).max() < 0.01


def test_the_same_photo_gets_the_same_map() -> None:
    model = ColourModel()
    prepared = model.prepare(squares(red=(1, 1)))
    first, second = (evidence(model, prepared, model.encode_texts(["red"]), silent)[0] for _ in range(2))
    assert np.array_equal(first, second)
