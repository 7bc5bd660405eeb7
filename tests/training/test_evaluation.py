from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.records import ModelIdentity
from searchengine.training.data import CaptionedPhotos, read_captions, read_class_folders
from searchengine.training.evaluation import Recall, class_vectors, evaluate_retrieval, evaluate_zero_shot
from tests.fakes import ColourModel
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
    assert told == [("sentences", 4, 4, ""), ("photos", 5, 5, "")]


def test_templates_are_averaged_after_encoding() -> None:
    model = ColourModel()
    found = class_vectors(model, ["red", "blue"], ["{}", "one {} thing"])
    mean = model.encode_texts(["blue", "one blue thing"]).mean(0)
    np.testing.assert_allclose(found[1], mean / np.linalg.norm(mean), atol=1e-6)
