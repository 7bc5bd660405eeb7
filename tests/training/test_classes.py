from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from searchengine.training.classes import imagenet_classes


def test_a_thousand_classes_each_with_everyday_words() -> None:
    classes = imagenet_classes()
    assert len(classes) == 1000
    assert all(word and word == word.strip() for name in classes for word in name.words)
    assert all(len(set(name.everyday)) == len(name.everyday) >= 1 for name in classes)
    assert "fish" in classes[0].everyday  # tench
    assert "bird" in classes[134].everyday  # crane, the bird
    assert "bird" not in classes[517].everyday  # crane, the machine


def test_the_classes_stand_in_their_usual_order(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "imagenet_samples.zip") as archive:
        rows = csv.DictReader(io.StringIO(archive.read("labels.csv").decode()))
        assert [row["label"] for row in rows] == [name.label for name in imagenet_classes()]
