from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.errors import UsageError
from searchengine.records import ModelIdentity
from searchengine.training import evaluation
from searchengine.training.data import CaptionedPhotos, LabelledPhotos, read_captions, read_class_folders
from searchengine.training.evaluation import (
    Recall,
    class_vectors,
    evaluate_probe,
    evaluate_retrieval,
    evaluate_zero_shot,
)
from tests.fakes import PALETTE, ColourModel
from tests.training.pictures import captioned, paint


class BrightnessModel(EmbeddingModel):
    """A picture's brightness, or the number that a text is, as an angle: nearness can be worked out by hand."""

    identity = ModelIdentity("brightness", "1", "", "", 2)
    preprocessing = Preprocessing(8, 8, "squash", 8, "box")
    precision = "float32"
    languages = ()

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._turned(batch.astype(np.float64).mean((1, 2, 3)))

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._turned(np.array([float(text) for text in texts]))

    @staticmethod
    def _turned(brightness: NDArray[np.float64]) -> NDArray[np.float32]:
        angle = brightness / 255 * np.pi / 2
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


@pytest.fixture
def greys(tmp_path: Path) -> CaptionedPhotos:
    """Black (0), grey (128) and white (255), each with two captions."""
    rows = [
        ("black.png", "5"),  # nearest to black: its photo is first
        ("black.png", "120"),  # nearest to grey, then black: second
        ("grey.png", "130"),  # first
        ("grey.png", "250"),  # white, then grey: second
        ("white.png", "10"),  # black, grey, white: third
        ("white.png", "140"),  # grey, white: second
    ]
    return read_captions(captioned(tmp_path, rows))


def test_retrieval_against_an_example_worked_out_by_hand(greys: CaptionedPhotos) -> None:
    result = evaluate_retrieval(BrightnessModel(), greys)
    assert (result.photos, result.captions) == (3, 6)
    # Text to image: ranks 1, 2, 1, 2, 3, 2.
    assert result.text_to_image == Recall(at_1=2 / 6, at_5=1.0, at_10=1.0, median_rank=2.0)
    # Image to text: black (0) finds 5 first, its own; grey (128) finds 130 first, its own; white (255) finds 250, 140:
    # its own second. Ranks 1, 1, 2.
    assert result.image_to_text == Recall(at_1=2 / 3, at_5=1.0, at_10=1.0, median_rank=1.0)


def test_recall_counts_ranks_up_to_and_including_k() -> None:
    recall = Recall.of(np.array([1, 5, 6, 10, 11]))
    assert recall == Recall(at_1=0.2, at_5=0.4, at_10=0.8, median_rank=6.0)


def test_zero_shot_counts_photos_and_classes(tmp_path: Path) -> None:
    for number in range(3):
        paint(tmp_path / "red" / f"{number}.png", "red")
    paint(tmp_path / "blue" / "right.png", "blue")
    paint(tmp_path / "blue" / "wrong.png", "red")
    told: list[tuple[str, int, int, str]] = []
    result = evaluate_zero_shot(
        ColourModel(),
        read_class_folders(tmp_path),
        ["a {} thing", "{}"],
        lambda *progress: told.append(progress),
    )
    assert (result.photos, result.classes) == (5, 2)
    assert result.top_1 == pytest.approx(4 / 5)
    assert result.mean_per_class == pytest.approx((1 + 1 / 2) / 2)
    assert result.top_5 == 1.0
    assert result.confusion.tolist() == [[1, 1], [0, 3]]  # blue, red
    assert told == [("sentences", 4, 4, ""), ("photos", 5, 5, "")]


def test_templates_are_averaged_after_encoding() -> None:
    model = ColourModel()
    found = class_vectors(model, ["red", "blue"], ["{}", "one {} thing"])
    mean = model.encode_texts(["blue", "one blue thing"]).mean(0)
    np.testing.assert_allclose(found[1], mean / np.linalg.norm(mean), atol=1e-6)


class ScoredModel(EmbeddingModel):
    """Photo n, a grey of that brightness, has row n of a table as its vector; a class is a number, its column."""

    preprocessing = Preprocessing(4, 4, "squash", 4, "box")
    precision = "float32"
    languages = ()

    def __init__(self, table: list[list[int]]) -> None:
        self.table = np.array(table, np.float32)
        self.identity = ModelIdentity("scored", "1", "", "", self.table.shape[1])

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.table[batch[:, 0, 0, 0]]

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(self.dim, dtype=np.float32)[[int(text) for text in texts]]


@st.composite
def classified(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    """A table of scores of photos for classes, small whole numbers with many ties, and the photos' classes."""
    photos, classes = draw(st.integers(1, 12)), draw(st.integers(2, 8))
    row = st.lists(st.integers(0, 4), min_size=classes, max_size=classes).filter(any)
    return [draw(row) for _ in range(photos)], [draw(st.integers(0, classes - 1)) for _ in range(photos)]


@pytest.fixture(scope="module")
def brightnesses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("greys")
    paths = tuple(folder / f"{number}.png" for number in range(12))
    for number, path in enumerate(paths):
        Image.fromarray(np.full((4, 4, 3), number, np.uint8)).save(path)
    return paths


@given(classified(), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_sorting_into_classes_agrees_with_counting_by_hand(
    brightnesses: tuple[Path, ...], data: tuple[list[list[int]], list[int]], at_once: int
) -> None:
    table, labels = data
    photos = LabelledPhotos(brightnesses[: len(labels)], tuple(labels), tuple(map(str, range(len(table[0])))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "SCORES_AT_ONCE", at_once)
        result = evaluate_zero_shot(ScoredModel(table), photos, ["{}"])
    # A class that scores as high as the right one stands before it.
    better = [sum(one >= row[own] for one in row) - 1 for row, own in zip(table, labels, strict=True)]
    right = [count == 0 for count in better]
    shares = {own: [r for r, label in zip(right, labels, strict=True) if label == own] for own in labels}
    assert result.top_1 == pytest.approx(sum(right) / len(right))
    assert result.top_5 == pytest.approx(sum(count < 5 for count in better) / len(better))
    assert result.mean_per_class == pytest.approx(sum(sum(own) / len(own) for own in shares.values()) / len(shares))
    assert [result.confusion[label].sum() for label in range(len(table[0]))] == [
        labels.count(label) for label in range(len(table[0]))
    ]
    assert result.confusion.trace() == sum(right)


def test_photos_that_cannot_be_read_are_named_and_left_out(tmp_path: Path) -> None:
    table = captioned(tmp_path, [("red.png", "red"), ("blue.png", "blue"), ("pink.png", "pink")])
    (tmp_path / "blue.png").write_bytes(b"GIF89a and no more")
    result = evaluate_retrieval(ColourModel(), read_captions(table))
    assert (result.photos, result.captions) == (2, 2)
    assert result.text_to_image.at_1 == 1.0
    (problem,) = result.problems
    assert problem.startswith("captions.csv, line 3: ")
    assert "blue.png can't be read as a photo" in problem


def test_a_class_whose_photos_cannot_be_read_still_stands_for_choice(tmp_path: Path) -> None:
    paint(tmp_path / "red" / "1.png", "red")
    paint(tmp_path / "blue" / "1.png", "blue").write_bytes(b"nothing")
    result = evaluate_zero_shot(ColourModel(), read_class_folders(tmp_path), ["{}"])
    assert (result.photos, result.classes, result.mean_per_class) == (1, 2, 1.0)
    assert "blue" in result.problems[0]


def test_a_set_without_a_readable_photo_is_refused(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        paint(tmp_path / name / "1.png", name).write_bytes(b"")
    with pytest.raises(UsageError, match="None of 2 photos can be read"):
        evaluate_zero_shot(ColourModel(), read_class_folders(tmp_path), ["{}"])


def test_a_probe_learns_classes_whose_names_say_nothing(tmp_path: Path) -> None:
    for number, colour in enumerate(PALETTE):
        for photo in range(6):
            paint(tmp_path / f"class {number % 4}" / f"{colour}{photo}.png", colour)
    photos = read_class_folders(tmp_path)
    assert evaluate_zero_shot(ColourModel(), photos, ["{}"]).top_1 < 0.6
    result = evaluate_probe(ColourModel(), photos)
    assert (result.photos, result.learnt_from, result.classes) == (12, 60, 4)  # a fifth of each class's 18 is 3
    assert result.top_1 == 1.0
    assert result.confusion.tolist() == (3 * np.eye(4, dtype=int)).tolist()


def test_a_probe_asks_about_the_same_photos_whatever_comes_to_other_classes(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        for number in range(10):
            paint(tmp_path / name / f"{number}.png", name)
    before = evaluate_probe(ColourModel(), read_class_folders(tmp_path))
    for number in range(10):
        paint(tmp_path / "green" / f"{number}.png", "green")
    after = evaluate_probe(ColourModel(), read_class_folders(tmp_path))
    assert (before.photos, after.photos) == (4, 6)
    assert before.learnt_from == 16


def test_a_class_of_one_photo_cannot_be_probed(tmp_path: Path) -> None:
    paint(tmp_path / "red" / "1.png", "red")
    paint(tmp_path / "blue" / "1.png", "blue")
    with pytest.raises(UsageError, match=r"The class blue has one photo"):
        evaluate_probe(ColourModel(), read_class_folders(tmp_path))
