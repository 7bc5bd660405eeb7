"""The pages of labels, duplicates and places."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from searchengine.library import Library
from searchengine.store.probes import PROBE
from tests.web.conftest import open_library
from tests.web.pages import id_of
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.fixture
def copied(sample_photos: Path, tmp_path: Path) -> Library:
    """A library with a photo, a copy of its file and a smaller picture of it; and another photo."""
    folder = tmp_path / "photos"
    (folder / "again").mkdir(parents=True)
    shutil.copy(sample_photos / "chelsea.png", folder)
    shutil.copy(sample_photos / "chelsea.png", folder / "again")
    shutil.copy(sample_photos / "coffee.png", folder)
    with Image.open(sample_photos / "chelsea.png") as photo:
        photo.resize((300, 200)).save(folder / "small.jpg", quality=80)
    library = open_library(tmp_path)
    library.index([folder])
    return library


def test_labels_lead_to_their_photos_with_how_many_there_are(client: FlaskClient, samples: Library) -> None:
    page = client.get("/labels").text
    label = samples.tags.counts()[0]
    assert re.search(rf'href="/\?q=tag:{label.name}">{label.name} <small>{label.photos}</small>', page)
    assert "Your own classes" not in page


def test_what_a_person_taught_stands_apart(own: Library) -> None:
    database = own.database
    active = database.models.active()
    assert active
    with database.writing():
        label = database.labels.add("my dog", PROBE)
        database.labels.give(label, active[0], [1, 2], {1: 0.9})
    page = create_app(own).test_client().get("/labels").text
    assert "Your own classes" in page
    assert "/?q=tag:%22my+dog%22" in page


def test_a_library_without_labels_and_places_says_so(own: Library) -> None:
    client = create_app(own).test_client()
    assert "No photo has a label yet." in client.get("/labels").text
    assert "No photo says where it was taken." in client.get("/places").text


def test_copies_stand_side_by_side_with_the_one_to_keep(copied: Library) -> None:
    with copied:
        client = create_app(copied).test_client()
        page = client.get("/duplicates").text
        (group,) = re.findall(r'<section class="group".*?</section>', page, re.DOTALL)
        assert re.findall(r"<strong>(.*?)</strong>", group) == ["Keep", "Exact copy", "Near-copy"]
        assert "most pixels" in group
        assert "1 photo is there more than once;" in page
        assert "coffee.png" not in page
        listed = client.get("/duplicates.txt")
    assert sorted(Path(path).name for path in listed.text.splitlines()) == ["chelsea.png", "small.jpg"]
    assert listed.headers["Content-Disposition"] == "attachment; filename=duplicates.txt"


def test_nothing_twice_is_good_news(own: Library) -> None:
    assert "Nothing is there more than once." in create_app(own).test_client().get("/duplicates").text


def test_places_are_a_list_of_what_is_around_them(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour, latitude in (("one", "red", 51), ("two", "blue", 51), ("far", "green", 20)):
        exif = Image.Exif()
        exif.get_ifd(0x8825).update({1: "N", 2: (48, latitude, 24), 3: "E", 4: (2, 21, 8)})
        Image.new("RGB", (64, 48), colour).save(folder / f"{name}.jpg", exif=exif)
    with open_library(tmp_path) as library:
        library.index([folder])
        page = create_app(library).test_client().get("/places").text
        assert "3 photos say where they were taken." in page
        assert re.findall(r'data-count="(\d)"', page) == ["2", "1"]
        assert "48.857° N, 2.352° E" in page
        line = re.findall(r'href="/\?q=(near:.*?)"', page)[0]
        assert len(library.search(line)) == 2
        covers = {f"/photos/{id_of(library, name)}/thumbnail" for name in ("one.jpg", "two.jpg", "far.jpg")}
        assert len({cover for cover in covers if cover in page}) == 2
