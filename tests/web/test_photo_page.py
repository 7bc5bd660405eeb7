"""One photo: what is known of it, in people's words, as a page and as a piece of one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from searchengine.library import Library
from tests.web.conftest import open_library
from tests.web.pages import id_of
from web import create_app, photo_page

if TYPE_CHECKING:
    from flask.testing import FlaskClient

BRITISH = {"Accept-Language": "en-GB"}


@pytest.fixture
def paris(tmp_path: Path) -> Library:
    """A library of one photo, taken in Paris."""
    exif = Image.Exif()
    exif[0x0110] = "EOS 80D"
    exif.get_ifd(0x8769)[0x9003] = "2019:07:14 18:30:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (48, 51, 24), 3: "E", 4: (2, 21, 8)})
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(folder / "paris.jpg", exif=exif)
    library = open_library(tmp_path)
    library.index([folder])
    return library


def test_it_shows_facts_places_and_what_is_like_it(client: FlaskClient, samples: Library, sample_photos: Path) -> None:
    response = client.get(f"/photos/{id_of(samples, 'chelsea.png')}", headers=BRITISH)
    for fact in ("chelsea.png", "451 × 300 · PNG", "PENTAX K100D Super", "Monday 9 February 2009", str(sample_photos)):
        assert fact in response.text.replace("Monday, ", "Monday ")
    alike = re.findall(r'href="/photos/(\d+)"', response.text)
    assert len(alike) == photo_page.ALIKE
    assert str(id_of(samples, "chelsea.png")) not in alike


def test_when_where_and_with_which_camera_lead_to_searches(paris: Library) -> None:
    with paris:
        page = create_app(paris).test_client().get("/photos/1", headers=BRITISH).text
    assert "/?q=date:2019-07-14" in page
    assert "/?q=near:48.8567,2.3522,10km" in page
    assert "48.857° N, 2.352° E" in page
    assert '<circle cx="1823.5" cy="411.4"' in page  # tenths of a degree from the map's corner
    assert "q=camera:" in page


def test_labels_lead_to_their_photos(client: FlaskClient, samples: Library) -> None:
    photos = samples.database.photos.get(samples.database.photos.matching(()).tolist())
    labelled = next(photo for photo in photos if photo.labels)
    assert f"/?q=tag:{labelled.labels[0].name}" in client.get(f"/photos/{labelled.id}").text


def test_the_facts_are_there_by_themselves(client: FlaskClient, samples: Library) -> None:
    piece = client.get(f"/photos/{id_of(samples, 'chelsea.png')}/facts").text
    assert "PENTAX K100D Super" in piece
    assert "<html" not in piece


def test_only_with_a_query_it_says_why_the_photo_fits(client: FlaskClient, samples: Library) -> None:
    photo = id_of(samples, "chelsea.png")
    assert f"/photos/{photo}/heat-map?q=a+cat" in client.get(f"/photos/{photo}?q=a+cat").text
    assert "heat-map" not in client.get(f"/photos/{photo}").text


def test_captions_and_saved_searches_that_fit_are_shown_when_asked_for(own: Library) -> None:
    with own.database.writing():
        own.database.captions.add(["a red picture", "a dog on a beach"])
    own.searches.save("format:jpeg")
    client, photo = create_app(own).test_client(), id_of(own, "red.jpg")
    plain = client.get(f"/photos/{photo}").text
    assert "Captions that fit it" not in plain
    assert f'href="/photos/{photo}?describe=1#words"' in plain
    described = client.get(f"/photos/{photo}?describe=1").text
    assert "Captions that fit it" in described
    assert "/?q=format:jpeg" in described


def test_a_photo_is_added_to_an_album_that_need_not_be_there_yet(own: Library) -> None:
    client = create_app(own).test_client()
    photo = id_of(own, "red.jpg")
    response = client.post(f"/photos/{photo}/albums", data={"album": "Colours"})
    assert response.location == f"/photos/{photo}"
    assert own.albums.ids("Colours").tolist() == [photo]
    client.post(f"/photos/{id_of(own, 'green.png')}/albums", data={"album": "colours"})
    assert len(own.albums.ids("Colours")) == 2
    assert 'href="/albums/Colours"' in client.get(f"/photos/{photo}").text
    assert client.post("/photos/99/albums", data={"album": "Colours"}).status_code == 404
    assert client.post(f"/photos/{photo}/albums", data={"album": ""}).status_code == 400
