"""The albums, made and changed by plain forms."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from searchengine.library import Library
from tests.web.pages import id_of
from web import albums, create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.fixture
def client(own: Library) -> FlaskClient:
    """A browser's stand-in, before a library of a red, a green and a blue picture."""
    return create_app(own).test_client()


def chosen(client: FlaskClient, address: str) -> list[int]:
    """The photos that a page lets one choose."""
    return [int(each) for each in re.findall(r'name="id" value="(\d+)"', client.get(address).text)]


def test_an_album_is_made_and_leads_to_its_photos(client: FlaskClient, own: Library) -> None:
    response = client.post("/albums", data={"name": "Tagged", "q": "format:png", "least": "weak"})
    assert (response.status_code, response.location) == (303, "/albums/Tagged")
    assert f'href="/photos/{id_of(own, "green.png")}"' in client.get("/albums/Tagged").text
    cards = client.get("/albums").text
    assert "1 photo · format:png" in cards
    assert f"/photos/{id_of(own, 'green.png')}/thumbnail" in cards


def test_a_photo_is_taken_out_put_back_and_kept(client: FlaskClient, own: Library) -> None:
    client.post("/albums", data={"name": "Small", "q": "width:64", "least": "good"})
    red, blue = id_of(own, "red.jpg"), id_of(own, "blue.tif")
    client.post("/albums/Small", data={"do": "take-out", "id": [red]})
    assert red not in own.albums.ids("Small")
    assert "1 photo was taken out" in client.get("/albums/Small").text
    assert red in chosen(client, "/albums/Small")  # to be put back
    client.post("/albums/Small", data={"do": "undo", "id": [red]})
    client.post("/albums/Small", data={"do": "pin", "id": [blue]})
    assert {red, blue} <= set(own.albums.ids("Small").tolist())
    assert "1 put in by hand" in client.get("/albums/Small").text
    assert set(chosen(client, "/albums/Small?choose=1")) == set(own.albums.ids("Small").tolist())


def test_an_album_is_renamed_filled_otherwise_and_removed(client: FlaskClient, own: Library) -> None:
    client.post("/albums", data={"name": "One"})
    assert client.post("/albums/One", data={"do": "rename", "name": "A/B & Ü"}).status_code == 303
    (address,) = re.findall(r'href="(/albums/.+?)"', unescape(client.get("/albums").text))
    client.post(address, data={"do": "fill", "q": "format:png", "least": "strong"})
    assert "format:png" in client.get(address).text
    assert client.post(address, data={"do": "remove"}).location == "/albums"
    assert own.database.albums.all() == []
    assert own.database.photos.count() == 3


def test_an_album_that_cannot_be_filled_says_why(client: FlaskClient, own: Library) -> None:
    with own.database.writing():
        own.database.albums.add("Broken", own.database.searches.remember("album:Gone"), albums.LEAST[0])
    assert "can’t be answered" in client.get("/albums").text
    assert "There is no album &#39;Gone&#39;" in client.get("/albums/Broken").text


def test_what_makes_no_sense_is_refused(client: FlaskClient) -> None:
    client.post("/albums", data={"name": "One"})
    for address, data, status in [
        ("/albums", {"name": ""}, 400),
        ("/albums", {"name": "one"}, 400),  # taken
        ("/albums", {"name": "Two", "q": "dte:2019"}, 400),
        ("/albums", {"name": "Two", "least": "none"}, 400),
        ("/albums/One", {"do": "explode"}, 400),
        ("/albums/One", {"do": "pin", "id": "99"}, 404),
        ("/albums/One", {"do": "pin", "id": "x"}, 404),
        ("/albums/None", {"do": "remove"}, 404),
    ]:
        assert client.post(address, data=data).status_code == status, (address, data)
    assert client.get("/albums/None").status_code == 404
    assert client.get("/albums/One?page=0").status_code == 400


def test_a_mistake_in_a_form_is_said_beside_it_and_what_was_typed_stays(client: FlaskClient) -> None:
    for name in ("One", "Two"):
        client.post("/albums", data={"name": name, "q": "width:>1"})
    for address, data in [
        ("/albums", {"name": "one", "q": "a red boat"}),
        ("/albums/One", {"do": "rename", "name": "Two"}),
        ("/albums/One", {"do": "fill", "q": "dte:2019"}),
    ]:
        page = unescape(client.post(address, data=data).text)
        assert 'class="note" role="alert"' in page
        assert '<details class="sheet" open>' in page
        assert all(f'value="{typed}"' in page for name, typed in data.items() if name != "do")


def test_a_long_album_has_pages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(albums, "PAGE", 2)
    client.post("/albums", data={"name": "All", "q": "width:>1"})
    assert len(chosen(client, "/albums/All?choose=1")) == 2
    assert 'rel="next" href="/albums/All?page=2&amp;choose=1"' in client.get("/albums/All?choose=1").text
    assert len(chosen(client, "/albums/All?choose=1&page=2")) == 1
