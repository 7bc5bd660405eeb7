"""`searchengine bench`: what it measures, and that it leaves everything else alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import program

FIGURES = [
    "decode",
    "forward",
    "index",
    "look again",
    "cold query",
    "cold query, memory",
    "warm query, p50",
    "warm query, p95",
]


@pytest.mark.slow
def test_every_figure_is_measured_and_nothing_is_left_behind(sample_photos: Path, tmp_path: Path) -> None:
    photos, temporary = tmp_path / "photos", tmp_path / "temporary"
    photos.mkdir()
    temporary.mkdir()
    shutil.copy(sample_photos / "rocket.jpg", photos)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    run = program(tmp_path / "library", TMPDIR=str(temporary))
    done = run("bench", "--photos", photos, "--records", "300", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [figure["name"] for figure in report["figures"]] == FIGURES
    assert all(figure["value"] > 0 for figure in report["figures"] if os.name == "posix")
    assert (report["records"], report["machine"]["processors"] > 0) == (300, True)
    assert not (tmp_path / "library").exists()
    assert not list(temporary.iterdir())
    assert sorted(path.name for path in photos.iterdir()) == ["broken.jpg", "rocket.jpg"]


def test_a_folder_without_photos_is_wrong_use(tmp_path: Path) -> None:
    done = program(tmp_path / "library")("bench", "--photos", tmp_path)
    assert done.returncode == 2
    assert "There are no photos in" in done.stderr
