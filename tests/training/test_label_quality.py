"""How often labels are right, on the captioned photos that nothing was fitted to."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchengine.describing.label_vectors import label_vectors, shipped_file
from searchengine.describing.vocabulary import shipped_words
from searchengine.embedding.model_store import ModelStore
from searchengine.errors import UsageError
from searchengine.training.data import CaptionedPhotos, opened_captions
from searchengine.training.label_quality import evaluate_labels


def test_the_shipped_vectors_are_the_built_in_models_and_the_shipped_vocabularys(tmp_path: Path) -> None:
    """After an edit of either: `searchengine train vocabulary`."""
    model, words = ModelStore(tmp_path).open("builtin"), shipped_words()
    vectors = label_vectors(words, model.identity, lambda: pytest.fail("a label isn't in the file"), tmp_path / "none")
    assert vectors.shape == (len(words), model.dim)
    assert shipped_file().stat().st_size < 3_000_000


def test_too_few_photos_are_refused(tmp_path: Path) -> None:
    model = ModelStore(tmp_path).open("builtin")
    vectors = label_vectors(shipped_words()[:2], model.identity, lambda: model, tmp_path / "none")
    with pytest.raises(UsageError, match="judged by 1,000"):
        evaluate_labels(model, CaptionedPhotos((), ()), vectors, [("a",), ("b",)], [1, 1])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_labels_are_mostly_right_and_their_confidence_can_be_trusted(shared_data: Path, tmp_path: Path) -> None:
    model, words = ModelStore(tmp_path).open("builtin"), shipped_words()
    vectors = label_vectors(words, model.identity, lambda: model, tmp_path / "labels.npz")
    with opened_captions(shared_data / "captioned_photos.zip") as photos:
        result = evaluate_labels(
            model, photos, vectors, [word.wordings for word in words], [word.frequency for word in words]
        )
    assert result.aligned
    assert result.photos == 1000
    assert result.given > 0.5
    assert result.precision > 0.5
    assert result.named > 0.65
    assert result.calibration_error < 0.05
    assert abs(result.curve.score - result.fitted.score) < 0.3
