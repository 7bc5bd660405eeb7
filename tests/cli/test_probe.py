"""A person's own classes, from a few photos to a search by label, as they are asked for on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    """The sample photographs, and a cat in six more pictures."""
    folder = tmp_path / "photos"
    shutil.copytree(sample_photos, folder)
    for number in range(6):
        _cat(folder, number)
    return folder


def _cat(folder: Path, number: int) -> str:
    """A part of the photograph of Chelsea the cat, brighter or darker, as another file."""
    with Image.open(folder / "chelsea.png") as picture:
        part = picture.convert("RGB").crop((5 * number, 3 * number, 400 + 8 * number, 290))
    pixels = np.clip(np.asarray(part, np.float64) * (0.7 + 0.1 * number), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / f"cat-{number}.png")
    return f"cat-{number}.png"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Five of the cat's pictures, named as they lie in the library's folder."""
    table = tmp_path / "labels.csv"
    table.write_text("image,label\n" + "".join(f"cat-{number}.png,Our Cat\n" for number in range(5)), "utf-8")
    return table


@pytest.mark.slow
def test_from_five_photos_to_a_search_by_label(new: Run, photos: Path, labels: Path) -> None:
    assert new("index", photos).returncode == 0
    learnt = new("probe", "train", labels)
    assert learnt.returncode == 0, learnt.stderr
    assert "Our Cat" in learnt.stdout

    everything = ("on a sofa", "--label", "our cat", "--all", "--expand")  # none of them is on a sofa
    found = json.loads(new("search", *everything, "--json").stdout)
    names = {Path(hit["path"]).name for hit in found}
    assert {f"cat-{number}.png" for number in range(6)} <= names
    assert all(name.startswith(("cat-", "chelsea")) for name in names)
    own = [label for hit in found for label in hit["labels"] if label["source"] == "probe"]
    assert [label["name"] for label in own] == ["Our Cat"] * len(found)
    assert all(0.5 <= label["confidence"] <= 1 for label in own)

    _cat(photos, 7)  # it comes later, and nothing is trained again
    assert new("index").returncode == 0
    again = new("search", *everything, "--paths").stdout
    assert "cat-7.png" in again

    (listed,) = json.loads(new("probe", "list", "--json").stdout)
    assert (listed["name"], listed["examples"]) == ("Our Cat", 5)
    assert listed["photos"] == len(again.splitlines())

    assert new("probe", "remove", "our cat").returncode == 0
    gone = new("search", "on a sofa", "--label", "our cat")
    assert gone.returncode == 2
    assert "probe list" in gone.stderr

    labels.write_text("image,label\nchelsea.png,odd\nrocket.jpg,odd\ncoffee.png,odd\n", "utf-8")
    odd = new("probe", "train", labels)  # they have nothing in common
    assert odd.returncode == 0
    assert "'odd' is hardly told" in odd.stderr


def test_too_few_photos_are_wrong_use_and_say_how_many_it_takes(run: Run, sample_photos: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(f"image,label\n{sample_photos / 'chelsea.png'},cat\ngone.png,cat\n", "utf-8")
    done = run("probe", "train", tmp_path / "labels.csv")
    assert done.returncode == 2
    assert "1 examples" in done.stderr
    assert "At least 3" in done.stderr
    assert "line 3: gone.png can't be used" in done.stderr


def test_a_library_without_classes_says_how_to_make_some(run: Run) -> None:
    listed = run("probe", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "probe train" in listed.stderr
    assert json.loads(run("probe", "list", "--json").stdout) == []


def test_what_is_no_class_can_not_be_forgotten(run: Run) -> None:
    done = run("probe", "remove", "nobody")
    assert done.returncode == 2
    assert "There is no label 'nobody'" in done.stderr
