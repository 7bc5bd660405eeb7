"""What feedback is worth: the concepts, the measure, and the figure that the README gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from searchengine.embedding.model_store import ModelStore
from searchengine.errors import UsageError
from searchengine.training import data
from searchengine.training.feedback_gain import average_precision, concepts, evaluate_feedback, interval_of_mean
from tests.fakes import ColourModel
from tests.training.pictures import captioned


def captions(sentences: dict[int, list[str]], photos: int) -> list[list[str]]:
    return [sentences.get(photo, ["nothing here", "nothing there"]) for photo in range(photos)]


def test_concepts_are_the_words_that_the_writers_agree_on() -> None:
    dogs = {photo: ["a dog here", "the dogs there"] for photo in range(5)}
    moods = {photo: ["a nice dog", "some pup"] for photo in range(5, 10)}
    found = concepts(captions({**dogs, **moods}, 100))
    assert next(iter(found)) == "dog"
    assert found["dog"].tolist() == [photo < 5 for photo in range(100)]  # one caption of two may be a slip
    assert "here" not in found  # it stands in nearly all
    assert len(concepts(captions({**dogs, **moods}, 100), count=1)) == 1


def test_what_is_too_rare_or_too_common_is_no_concept() -> None:
    rare = {0: ["a dog", "a dog"]}
    assert "dog" not in concepts(captions(rare, 100))
    common = {photo: ["a dog", "a dog"] for photo in range(20)}
    assert "dog" not in concepts(captions(common, 100))


@pytest.mark.parametrize(
    ("right", "expected"),
    [([1, 0, 0], 1.0), ([0, 1, 0], 1 / 2), ([1, 0, 1], (1 + 2 / 3) / 2), ([0, 0, 1, 1], (1 / 3 + 2 / 4) / 2)],
)
def test_average_precision_is_the_mean_precision_down_to_what_is_right(right: list[int], expected: float) -> None:
    assert average_precision(np.array(right, bool)) == pytest.approx(expected)


def test_the_interval_holds_the_mean_and_narrows_with_more_values() -> None:
    values = np.random.default_rng(0).normal(0.1, 0.05, 400)
    low, high = interval_of_mean(values)
    few_low, few_high = interval_of_mean(values[:25])
    assert low < values.mean() < high
    assert high - low < few_high - few_low


def test_photos_without_a_concept_are_wrong_use_and_say_what_it_takes(tmp_path: Path) -> None:
    photos = data.read_captions(
        captioned(tmp_path, [(f"{colour}.png", f"{colour} wall") for colour in ("red", "blue")])
    )
    with pytest.raises(UsageError, match="no concept") as raised:
        evaluate_feedback(ColourModel(), photos)
    assert "2 captions of a photo" in raised.value.next_step


@pytest.mark.slow
def test_five_marks_raise_the_average_precision_of_most_concepts(shared_data: Path, tmp_path: Path) -> None:
    model = ModelStore(tmp_path).open("builtin")
    with data.opened_captions(shared_data / "captioned_photos.zip") as photos:
        held_out = photos.take(data.held_out(photos.paths, 1000)[1])
        gain = evaluate_feedback(model, held_out)
    assert len(gain.concepts) == 50
    assert gain.raised > 25
    assert gain.low > 0
