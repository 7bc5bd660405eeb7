"""Which words of a query a photo fits, with a model of colours."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.ranking.relevance import Yardstick
from searchengine.searching.expression import Text
from searchengine.searching.why import why
from tests.fakes import COLOURS, PALETTE, ColourModel

MODEL = ColourModel()
PHOTOS = MODEL.encode_images([np.full((32, 32, 3), colour, np.uint8) for colour in COLOURS.astype(np.uint8)])
YARDSTICK = Yardstick.of(PHOTOS, MODEL.encode_texts([f"a {colour} thing" for colour in PALETTE]))


def half(left: str, right: str) -> np.ndarray:
    """The vector of a photo of two colours, float32 (1, dim)."""
    picture = np.concatenate([np.full((32, 16, 3), PALETTE[colour], np.uint8) for colour in (left, right)], axis=1)
    return MODEL.encode_images([picture])


def levels(text: str, photos: np.ndarray, *, phrase: bool = False) -> dict[str, int]:
    (fits,) = why([Text(text, phrase)], photos, MODEL.encode_texts, YARDSTICK)
    return {fit.words: fit.level for fit in fits}


def test_the_words_that_a_photo_shows_fit_and_the_others_do_not() -> None:
    assert levels("a red and a green wall", half("red", "blue")) == {"red": 3, "green": 0, "wall": 0}


def test_small_words_are_passed_over_and_a_single_word_is_told_of() -> None:
    assert levels("the red", half("red", "red")) == {"red": 3}
    assert levels("the red", half("blue", "blue")) == {"red": 0}


def test_a_phrase_is_one_thing() -> None:
    assert levels("red and blue", half("red", "blue"), phrase=True) == {"red and blue": 3}


@pytest.mark.parametrize("text", ["of the", "!?", "赤い", "x" * 5000])
def test_what_has_no_words_that_we_know_is_told_of_as_a_whole(text: str) -> None:
    assert list(levels(text, half("red", "blue"))) == [text]


def test_several_things_are_told_of_in_their_order_for_every_photo() -> None:
    photos = np.concatenate([half("red", "red"), half("blue", "blue")])
    first, second = why([Text("red"), Text("dark blue", phrase=True)], photos, MODEL.encode_texts, YARDSTICK)
    assert [fit.words for fit in first] == [fit.words for fit in second] == ["red", "dark blue"]
    assert first[0].level > second[0].level
    assert first[1].level < second[1].level


def test_nothing_asked_in_words_has_no_reasons() -> None:
    assert why([], half("red", "blue"), MODEL.encode_texts, YARDSTICK) == [()]
