from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from searchengine.errors import ModelDamagedError
from tests.fakes import ColourModel


@pytest.mark.parametrize("number", [0.0, np.nan, np.inf])
def test_a_vector_without_a_direction_is_damage_and_goes_no_further(
    number: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ColourModel()

    def torn(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.full((len(batch), model.dim), number, np.float32)

    monkeypatch.setattr(model, "_encode_prepared", torn)
    with pytest.raises(ModelDamagedError, match="colours gave vectors without a direction"):
        model.encode_images([np.zeros((4, 4, 3), np.uint8)])


def test_vectors_of_another_length_than_the_identity_says_are_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ColourModel()
    monkeypatch.setattr(model, "_encode_texts", lambda texts: np.ones((len(texts), 5), np.float32))
    with pytest.raises(ModelDamagedError, match="wrong length"):
        model.encode_texts(["red"])


def test_the_colour_model_finds_the_colour_that_is_asked_for() -> None:
    model = ColourModel()
    colours = {"red": (220, 20, 20), "green": (20, 160, 20), "blue": (20, 20, 220), "yellow": (240, 230, 20)}
    photos = model.encode_images([np.full((30, 40, 3), rgb, np.uint8) for rgb in colours.values()])
    found = (model.encode_texts([f"a {name} wall" for name in colours]) @ photos.T).argmax(1)
    assert found.tolist() == [0, 1, 2, 3]
