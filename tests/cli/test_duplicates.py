"""`searchengine duplicates`, called as a person and a script call it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from PIL import Image

from tests.cli.conftest import Run


def test_it_lists_groups_as_lines_as_json_and_as_paths(new: Run, sample_photos: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    (photos / "sent").mkdir(parents=True)
    for name in ("china.jpg", "coffee.png", "rocket.jpg"):
        shutil.copy2(sample_photos / name, photos / name)
    shutil.copy(photos / "china.jpg", photos / "sent" / "copy of china.jpg")
    with Image.open(photos / "china.jpg") as image:
        image.resize((320, 213)).save(photos / "sent" / "small.jpg", quality=60)
    assert new("index", photos).returncode == 0

    shown = new("duplicates")
    assert shown.returncode == 0, shown.stderr
    lines = [(kind, Path(path).name) for kind, path in (line.split("\t") for line in shown.stdout.splitlines())]
    assert lines == [("keep", "china.jpg"), ("exact", "copy of china.jpg"), ("near", "small.jpg")]
    assert "the 2 other files take 0.2 MB. Nothing was deleted" in shown.stderr

    (group,) = json.loads(new("duplicates", "--json").stdout)
    assert group["keep"]["path"] == str(photos / "china.jpg")
    assert group["why"][0] == "most pixels"
    assert [(Path(copy["path"]).name, copy["copy"], copy["state"]) for copy in group["others"]] == [
        ("copy of china.jpg", "exact", "present"),
        ("small.jpg", "near", "present"),
    ]

    spare = new("duplicates", "-0", text=False).stdout
    assert spare.split(b"\0")[:-1] == [
        bytes(photos / "sent" / "copy of china.jpg"),
        bytes(photos / "sent" / "small.jpg"),
    ]

    (photos / "elsewhere").mkdir()
    none = new("duplicates", "--folder", photos / "elsewhere")
    assert (none.returncode, none.stdout) == (1, "")
    assert "Nothing is there more than once." in none.stderr
    assert all(path.exists() for path in (photos / "china.jpg", photos / "sent" / "small.jpg"))


def test_copies_of_a_file_that_has_vanished_are_not_offered(call: Run, sample_photos: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy2(sample_photos / "china.jpg", photos / "a.jpg")
    shutil.copy2(photos / "a.jpg", photos / "another.jpg")
    assert call("index", photos).returncode == 0
    assert call("duplicates", "--paths").stdout == f"{photos / 'another.jpg'}\n"
    (photos / "a.jpg").unlink()
    for option in ("--paths", "-0"):
        done = call("duplicates", option)
        assert done.stdout == ""
        assert "1 whose file to keep isn't there now" in done.stderr
