"""One photo through the API: facts, words, what looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.library import Library
from tests.web.api.asking import ROOT, get, hand_over, names, problem
from tests.web.pages import id_of
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_all_that_is_known_of_a_photo_is_told(client: FlaskClient, samples: Library, sample_photos: Path) -> None:
    photo_id = id_of(samples, "rocket.jpg")
    told = get(client, f"/photos/{photo_id}")
    assert (told["id"], told["name"], told["facts"]["format"]) == (photo_id, "rocket.jpg", "jpeg")
    place = sample_photos / "rocket.jpg"
    assert told["places"] == [{"path": str(place), "uri": place.as_uri(), "state": "present"}]
    assert told["shown"] is True
    assert client.get(told["original"]).data == (sample_photos / "rocket.jpg").read_bytes()


def test_what_browsers_cannot_show_is_said_to_be_so(own: Library) -> None:
    client = create_app(own).test_client()
    assert get(client, f"/photos/{id_of(own, 'blue.tif')}")["shown"] is False


def test_what_looks_like_a_photo_is_found(client: FlaskClient, samples: Library) -> None:
    found = get(client, f"/photos/{id_of(samples, 'motorcycle_left.png')}/similar", limit=3)
    assert names(found)[0] == "motorcycle_right.png"
    assert len(found["photos"]) == 3


def test_a_photo_is_put_into_words_whether_or_not_it_is_in_the_library(
    client: FlaskClient, samples: Library, sample_photos: Path
) -> None:
    photo_id = id_of(samples, "chelsea.png")
    told = get(client, f"/photos/{photo_id}/description")
    expected = samples.describe(photo_id)
    assert told["id"] == photo_id
    assert [label["name"] for label in told["labels"]] == [label.name for label in expected.labels]
    assert told["labels"]
    handed = hand_over(client, "/describe", (sample_photos / "chelsea.png").read_bytes()).json
    assert handed == told
    problem(hand_over(client, "/describe", b"no photo"), 422)


def test_a_photo_that_there_is_not_is_not_found(client: FlaskClient) -> None:
    for path in ("/photos/999999", "/photos/999999/similar", "/photos/999999/description", "/photos/x", "/photos/-1"):
        problem(client.get(ROOT + path), 404)
    problem(client.get(f"{ROOT}/photos/{10**30}"), 404)
