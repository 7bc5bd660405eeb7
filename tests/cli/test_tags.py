"""From photos to words on the command line: describe, tags, export, and XMP files beside the photos."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from searchengine.photos import xmp
from tests.cli.conftest import Run


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    """Sample photographs that a test may change."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea.png", "motorcycle_left.png", "motorcycle_right.png", "rocket.jpg", "coffee.png"):
        shutil.copy(sample_photos / name, folder)
    return folder


@pytest.mark.slow
def test_labels_from_index_to_search_tags_and_export(call: Run, photos: Path, tmp_path: Path) -> None:
    assert call("index", photos).returncode == 0
    counted = {each["name"]: each["photos"] for each in json.loads(call("tags", "--json").stdout)}
    assert counted["motorcycle"] == 2
    assert counted["cat"] == 1
    assert call("tags").stdout.splitlines()[0] == "2\tmotorcycle"
    for line in (("tag:motorcycle",), ("--label", "Motorbike")):
        found = call("search", *line, "--paths").stdout.splitlines()
        assert sorted(Path(path).name for path in found) == ["motorcycle_left.png", "motorcycle_right.png"]

    assert call("tags", "export", tmp_path / "labels.csv").returncode == 0
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(Path(row["path"]).name, row["label"]) for row in rows} >= {("chelsea.png", "cat")}
    assert all(0.5 <= float(row["confidence"]) <= 1 for row in rows)
    assert call("tags", "export", tmp_path / "labels.json").returncode == 0
    exported = json.loads((tmp_path / "labels.json").read_text("utf-8"))
    assert {Path(photo["path"]).name: photo["labels"][0]["name"] for photo in exported}["chelsea.png"] == "cat"
    wrong = call("tags", "export", tmp_path / "labels.txt")
    assert wrong.returncode == 2
    assert ".json or .csv" in wrong.stderr

    (tmp_path / "library" / "vocabulary.txt").write_text("-cat\nfeline: pussycat\n", "utf-8")
    assert call("index").returncode == 0
    unknown = call("search", "tag:cat")
    assert unknown.returncode == 2
    assert "cat" not in {each["name"] for each in json.loads(call("tags", "--json").stdout)}


@pytest.mark.slow
def test_keywords_beside_photos_are_written_when_asked_and_then_cost_nothing(call: Run, photos: Path) -> None:
    assert call("index", photos).returncode == 0
    contents = {path: path.read_bytes() for path in photos.iterdir()}
    (photos / "chelsea.png.xmp").write_text("my own notes", "utf-8")
    planned = call("tags", "sidecars", "--dry-run")
    assert planned.returncode == 1
    assert "chelsea.png.xmp: it is no XMP" in planned.stderr
    assert len(list(photos.iterdir())) == len(contents) + 1

    done = call("tags", "sidecars", "--json")
    assert done.returncode == 1
    rows = {Path(row["sidecar"]).name: row for row in json.loads(done.stdout)}
    assert rows["motorcycle_left.png.xmp"]["new"]
    assert rows["chelsea.png.xmp"]["problem"]
    assert (photos / "chelsea.png.xmp").read_text("utf-8") == "my own notes"
    assert "motorcycle" in xmp.read((photos / "motorcycle_left.png.xmp").read_bytes()).keywords
    assert all(path.read_bytes() == before for path, before in contents.items())

    again = call("index")  # an XMP file's time has changed: the facts are read anew, and nothing is embedded
    assert "photos embedded in" not in again.stderr + again.stdout
    assert "3 changed" in again.stdout + again.stderr
    (photos / "chelsea.png.xmp").unlink()
    assert call("index").returncode == 0
    assert "chelsea.png.xmp\tcat" in call("tags", "sidecars").stdout
    assert call("tags", "sidecars").stdout == ""
    found = json.loads(call("search", "tag:motorcycle", "--json").stdout)
    assert all("motorcycle" in hit["keywords"] for hit in found)


@pytest.mark.slow
def test_a_photo_is_described_wherever_it_lies(call: Run, photos: Path, tmp_path: Path) -> None:
    assert call("index", photos).returncode == 0
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.write_bytes((photos / "chelsea.png").read_bytes() + b"and a tail")
    (tmp_path / "sentences.txt").write_text("a cat looking into the camera\na motorcycle in a garage\n", "utf-8")
    assert call("captions", "add", tmp_path / "sentences.txt").returncode == 0
    assert call("searches", "save", "motorcycle").returncode == 0

    done = call("describe", elsewhere, photos / "motorcycle_left.png", tmp_path / "gone.jpg", "--json")
    assert done.returncode == 1
    assert "gone.jpg can't be read" in done.stderr
    cat, motorcycle = json.loads(done.stdout)
    assert cat["id"] is None
    assert cat["labels"][0]["name"] == "cat"
    assert cat["searches"] == []
    assert motorcycle["labels"][0]["name"] == "motorcycle"
    assert motorcycle["captions"][0]["text"] == "a motorcycle in a garage"
    assert motorcycle["searches"] == ["motorcycle"]
    by_id = call("describe", str(motorcycle["id"]))
    assert by_id.returncode == 0
    assert "motorcycle  vocabulary" in by_id.stdout

    assert call("describe", tmp_path / "gone.jpg").returncode == 2
    assert call("describe", "987654").returncode == 2
    assert call("describe", elsewhere, "--prompt", "a photo of").returncode == 2
    absent = call("describe", elsewhere, "--caption")
    assert absent.returncode == 3
    assert "models pull" in absent.stderr
