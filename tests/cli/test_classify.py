"""A folder's photos sorted by the names of classes alone, without a library."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run

CLASSES = "cat=cat|kitten,cup of coffee,motorcycle"


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea.png", "coffee.png", "motorcycle_left.png", "china.jpg"):
        shutil.copy(sample_photos / name, folder)
    (folder / "chelsea.xmp").write_text("<x/>")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


@pytest.mark.slow
def test_classes_need_names_and_nothing_else(call: Run, photos: Path, tmp_path: Path) -> None:
    done = call("classify", photos, "--classes", CLASSES)
    assert done.returncode == 0, done.stderr
    lines = {Path(path).name: name for name, _, path in (line.split("\t") for line in done.stdout.splitlines())}
    assert lines == {
        "chelsea.png": "cat",
        "coffee.png": "cup of coffee",
        "motorcycle_left.png": "motorcycle",
        "china.jpg": "",
    }
    assert "torn.jpg" in done.stderr
    assert "none of these: 1" in done.stderr
    assert not (tmp_path / "library").exists()

    copied = call("classify", photos, "--classes", CLASSES, "--copy-to", photos / "sorted", "--json")
    assert copied.returncode == 0, copied.stderr
    assert {Path(each["path"]).name: each["class"] for each in json.loads(copied.stdout)} == {
        **lines,
        "china.jpg": None,
    }
    target = photos / "sorted"
    found = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert found == ["cat/chelsea.png", "cat/chelsea.xmp", "cup of coffee/coffee.png", "motorcycle/motorcycle_left.png"]
    again = call("classify", photos, "--classes", CLASSES, "--copy-to", target)
    assert "0 photos put" in again.stderr
    assert "3 were there already" in again.stderr


@pytest.mark.slow
def test_moving_takes_a_yes(call: Run, photos: Path, tmp_path: Path) -> None:
    refused = call("classify", photos, "--classes", "cat", "--move-to", tmp_path / "sorted")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert (photos / "chelsea.png").exists()
    moved = call("classify", photos, "--classes", "cat", "--move-to", tmp_path / "sorted", "--yes")
    assert moved.returncode == 0, moved.stderr
    assert not (photos / "chelsea.png").exists()
    assert (tmp_path / "sorted" / "cat" / "chelsea.png").exists()
    assert (photos / "china.jpg").exists()


def test_wrong_use_is_said_before_anything_is_read(call: Run, photos: Path, tmp_path: Path) -> None:
    twice = call("classify", photos, "--classes", "cat", "--copy-to", tmp_path / "a", "--link-to", tmp_path / "b")
    assert twice.returncode == 2
    for line in ("cat,cat", "a/b", ""):
        assert call("classify", photos, "--classes", line).returncode == 2
    unknown = call("classify", photos, "--classes", "cat", "--prompts", "none")
    assert "There are no prompts called none" in unknown.stderr
    captioner = call("classify", photos, "--classes", "cat", "--model", "blip-base")
    assert "writes captions" in captioner.stderr
