"""How well scenes are told apart, measured with what is made of real photos."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from searchengine.embedding.catalog import BUILTIN
from searchengine.embedding.model_store import ModelStore
from searchengine.errors import UsageError
from searchengine.settings import Settings
from searchengine.training.grouping_quality import evaluate_grouping
from tests.cli.conftest import Run, program

NAMES = ("astronaut", "chelsea", "china", "clock_motion", "coffee", "coins", "flower", "hubble_deep_field", "moon",
         "page", "rocket")  # fmt: skip
"""Eleven photos of different things: the first and the last get near-copies and a burst."""

MADE = 2 * (6 + 4)


@pytest.fixture(scope="module")
def paths(sample_photos: Path) -> list[Path]:
    return [next(sample_photos.glob(f"{name}.*")) for name in NAMES]


def test_what_is_made_of_a_photo_is_put_with_it_and_the_same_every_time(paths: list[Path], tmp_path: Path) -> None:
    model = ModelStore(Settings.choose().models).open(BUILTIN)
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"\xff\xd8\xff nothing more")
    quality = evaluate_grouping(model, [*paths, torn])
    assert (quality.photos, quality.made, len(quality.problems)) == (11, MADE, 1)
    assert quality.precision == 1
    assert quality.recall > 0.7
    assert set(quality.found) >= {"re-encoding", "crop to 90 %", "frame of a burst"}
    assert evaluate_grouping(model, paths).found == quality.found


def test_nothing_readable_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="None of 1 photos"):
        evaluate_grouping(ModelStore(Settings.choose().models).open(BUILTIN), [tmp_path / "gone.jpg"])


def test_the_command_prints_a_table_and_json(paths: list[Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("captions.csv", "image,caption\n" + "".join(f"{path.name},a photo\n" for path in paths))
        for path in paths:
            archive.write(path, f"images/{path.name}")
    run: Run = program(tmp_path / "library")
    table = run("evaluate", "grouping", tmp_path / "photos.zip")
    assert table.returncode == 0, table.stderr
    assert f"11 photos, and {MADE} near-copies and frames made of every tenth" in table.stdout
    figures = json.loads(run("evaluate", "grouping", tmp_path / "photos.zip", "--json").stdout)
    assert figures["model"] == "builtin"
    assert figures["recall"] > 0.7
