"""Facets, labels, places, copies, albums and feedback through the API."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from searchengine.library import Library
from tests.web.api.asking import ROOT, get, problem, send
from tests.web.conftest import open_library
from tests.web.pages import id_of
from web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient


@pytest.fixture
def own_client(own: Library) -> FlaskClient:
    return create_app(own).test_client()


@pytest.fixture
def travelled(tmp_path: Path) -> Iterator[Library]:
    """Photos of two places, years, cameras and folders."""
    for number, (folder, year, camera, latitude, longitude) in enumerate(
        [
            ("Trips/Seoul", 2019, "X-T3", 37.57, 126.98),
            ("Trips/Seoul", 2019, "X-T3", 37.55, 126.95),
            ("Trips/Paris", 2021, "EOS 80D", 48.86, 2.35),
            ("Home", 2021, "EOS 80D", None, None),
        ]
    ):
        place = tmp_path / "pictures" / folder
        place.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x0110] = camera
        exif.get_ifd(0x8769)[0x9003] = f"{year}:07:14 12:00:0{number}"
        if latitude is not None and longitude is not None:
            gps = exif.get_ifd(0x8825)
            gps[1], gps[2], gps[3], gps[4] = "N", (latitude, 0, 0), "E", (longitude, 0, 0)
        Image.new("RGB", (64, 48), (60 * number, 200, 30)).save(place / f"{number}.jpg", exif=exif)
    with open_library(tmp_path) as library:
        library.index([tmp_path / "pictures"])
        yield library


def test_facets_count_what_there_is_and_their_lines_find_it(travelled: Library) -> None:
    client = create_app(travelled).test_client()
    facets = get(client, "/facets")
    assert (facets["count"], facets["undated"]) == (4, 0)
    assert facets["months"] == [{"month": "2019-07", "count": 2}, {"month": "2021-07", "count": 2}]
    assert {camera["name"] for camera in facets["cameras"]} == {"X-T3", "EOS 80D"}
    assert [(folder["name"], folder["count"]) for folder in facets["folders"]] == [
        ("Home", 1), ("Trips", 3), ("Trips/Paris", 1), ("Trips/Seoul", 2),
    ]  # fmt: skip  # one list
    for facet in [*facets["cameras"], *facets["formats"], *facets["folders"], *facets["labels"]]:
        assert get(client, "/search", q=facet["line"])["total"] == facet["count"], facet
    for line in facets["examples"]:
        get(client, "/search", q=line)


def test_facets_follow_what_changes(own: Library, pictures: Path) -> None:
    """They are counted once for all who ask, until somebody writes: this program or another."""
    client = create_app(own).test_client()
    before = get(client, "/facets")
    assert [(each["name"], each["count"]) for each in before["formats"]] == [("jpeg", 1), ("png", 1), ("tiff", 1)]
    Image.new("RGB", (64, 48), "yellow").save(pictures / "new.png")
    own.index()
    assert get(client, "/facets")["count"] == 4
    (pictures / "new.png").unlink()
    with Library.open(own.settings) as another:
        another.index()
    assert get(client, "/facets") == before


def test_photos_taken_near_to_each_other_are_one_place(travelled: Library) -> None:
    client = create_app(travelled).test_client()
    seoul, paris = get(client, "/places")["places"]
    assert (seoul["count"], paris["count"]) == (2, 1)
    assert (round(seoul["latitude"]), round(seoul["longitude"])) == (38, 127)
    assert get(client, "/search", q=seoul["line"])["total"] == 2
    assert paris["photo"]["name"] == "2.jpg"


def test_labels_are_counted(client: FlaskClient, samples: Library) -> None:
    labels = get(client, "/labels")["labels"]
    assert [label["name"] for label in labels] == [each.name for each in samples.tags.counts()]
    assert get(client, "/search", q=labels[0]["line"])["total"] == labels[0]["count"]


def test_copies_are_found_with_the_one_to_keep(own: Library, pictures: Path) -> None:
    (pictures / "again.jpg").write_bytes((pictures / "red.jpg").read_bytes())
    own.index()
    app = create_app(own)
    app.extensions["duplicates"].look()
    app.extensions["duplicates"].wait()
    found = get(app.test_client(), "/duplicates")
    assert (found["state"], found["total"], found["cursor"]) == ("done", 1, None)
    (group,) = found["groups"]
    assert {Path(group["keep"]["path"]).name, Path(group["others"][0]["path"]).name} == {"again.jpg", "red.jpg"}
    assert group["others"][0]["exact"] is True
    assert found["spare_bytes"] == group["others"][0]["bytes"]
    (pictures / "again.jpg").unlink()
    own.index()
    app.extensions["duplicates"].look()
    app.extensions["duplicates"].wait()
    assert get(app.test_client(), "/duplicates")["total"] == 0


def test_a_server_that_ends_gives_the_look_for_copies_up(own: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    look = create_app(own).extensions["duplicates"]
    begun = threading.Event()

    def endless(tell: Callable[[str, int, int, str], None]) -> None:
        while True:
            tell("comparing", 0, 1, "")
            begun.set()

    monkeypatch.setattr(own.duplicates, "find", endless)
    look.look()
    assert begun.wait(10)
    look.close()  # else it would never return
    assert look.look().groups == ()


def test_an_album_is_made_filled_changed_and_removed(own_client: FlaskClient, own: Library) -> None:
    made = send(own_client, "POST", "/albums", {"name": "Best / 2019", "query": "format:png"})
    assert made.status_code == 201
    assert made.json["photos"] == 1
    address = made.headers["Location"].removeprefix(ROOT)
    assert get(own_client, address) == made.json
    red, green = id_of(own, "red.jpg"), id_of(own, "green.png")
    changed = send(own_client, "POST", f"{address}/photos", {"pin": [red], "take_out": [green]}).json
    assert (changed["photos"], changed["pinned"], changed["taken_out"]) == (1, 1, 1)
    assert [photo["id"] for photo in get(own_client, "/search", q=changed["line"])["photos"]] == [red]
    assert send(own_client, "POST", f"{address}/photos", {"forget": [green]}).json["photos"] == 2
    renamed = send(own_client, "PATCH", address, {"name": "Best", "query": None}).json
    assert (renamed["name"], renamed["query"], renamed["photos"]) == ("Best", None, 1)
    assert [album["name"] for album in get(own_client, "/albums")["albums"]] == ["Best"]
    assert send(own_client, "DELETE", "/albums/Best").status_code == 204
    problem(send(own_client, "GET", "/albums/Best"), 404)


def test_an_album_is_changed_whole_or_not_at_all(own_client: FlaskClient, own: Library) -> None:
    send(own_client, "POST", "/albums", {"name": "Best"})
    body = {"pin": [id_of(own, "red.jpg")], "take_out": [999999]}
    problem(send(own_client, "POST", "/albums/Best/photos", body), 404)
    assert get(own_client, "/albums/Best")["pinned"] == 0


def test_an_album_that_cannot_be_is_refused(own_client: FlaskClient) -> None:
    bodies: list[Any] = [
        None, [], {}, {"name": ""}, {"name": "x", "query": "(a"}, {"name": "x", "query": "like:/etc/passwd"},
        {"name": "x", "least": "most"}, {"name": "x", "colour": "red"}, {"name": "a\nb"},
    ]  # fmt: skip  # a table reads best with its entries together
    for body in bodies:
        problem(send(own_client, "POST", "/albums", body), 400)
    assert get(own_client, "/albums")["albums"] == []


def test_what_is_said_of_an_answer_counts_and_is_taken_back(own_client: FlaskClient, own: Library) -> None:
    red, blue = id_of(own, "red.jpg"), id_of(own, "blue.tif")
    said = send(own_client, "POST", "/feedback", {"q": "a thing", "good": [blue], "bad": [red]})
    assert said.json == {"q": "a thing", "good": [blue], "bad": [red]}
    assert get(own_client, "/feedback", q="a  thing") == said.json
    found = get(own_client, "/search", q="a thing")
    assert found["photos"][0]["id"] == blue
    assert red not in [photo["id"] for photo in found["photos"]]
    assert send(own_client, "DELETE", "/feedback", q="a thing").json["good"] == []
    problem(send(own_client, "DELETE", "/feedback", q="a thing"), 404)
    problem(send(own_client, "POST", "/feedback", {"q": "format:png", "good": [red]}), 400)
    problem(send(own_client, "POST", "/feedback", {"q": " ", "good": [red]}), 400)


def test_a_photo_s_date_is_local_time(travelled: Library) -> None:
    photo = get(create_app(travelled).test_client(), "/search", q="folder:Home")["photos"][0]
    assert datetime.fromisoformat(photo["taken_at"]) == datetime(2021, 7, 14, 12, 0, 3)  # noqa: DTZ001  # as cameras write it
