"""The library's own page: what there is, what failed, and indexing by plain forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchengine.library import Library
from web import create_app, library_page

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def app(own: Library) -> Flask:
    """Before a library of three pictures."""
    return create_app(own)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def finished(app: Flask) -> None:
    """Wait for the run that goes on."""
    thread = app.extensions["index_job"]._thread
    thread.join()


def test_it_counts_and_names_what_there_is(client: FlaskClient, pictures: Path) -> None:
    page = client.get("/library").text
    assert "<dt>Photos</dt><dd>3</dd>" in page
    assert str(pictures) in page
    assert "3 files" in page
    assert "in use" in page


def test_new_photos_are_taken_in_and_what_fails_is_named(app: Flask, client: FlaskClient, pictures: Path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing in here")
    (pictures / "again.png").write_bytes((pictures / "green.png").read_bytes())
    response = client.post("/library", data={"do": "start"})
    assert (response.status_code, response.location) == (303, "/library")
    finished(app)
    page = client.get("/library").text
    assert "Indexing is done: 1 copy, 1 unreadable." in page
    assert f"{pictures}/broken.jpg" in page


def test_a_folder_is_added_from_this_machine_alone(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    data = {"do": "add", "folder": str(tmp_path / "more")}
    assert client.post("/library", data=data, environ_base={"REMOTE_ADDR": "192.168.1.7"}).status_code == 403
    assert client.post("/library", data=data).status_code == 303
    finished(app)
    assert str(tmp_path / "more") in client.get("/library").text


def test_a_folder_that_is_not_there_is_said_to_be_so(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    client.post("/library", data={"do": "add", "folder": str(tmp_path / "nowhere")})
    finished(app)
    assert f"{tmp_path}/nowhere" in client.get("/library").text.split('id="job"')[1].split("</section>")[0]
    assert client.post("/library", data={"do": "add", "folder": " "}).status_code == 400
    assert client.post("/library", data={"do": "explode"}).status_code == 400


def test_stopping_without_a_run_changes_nothing(client: FlaskClient) -> None:
    assert client.post("/library", data={"do": "stop"}).status_code == 303
    assert "Stop<" not in client.get("/library").text


def test_many_failures_have_pages(
    app: Flask, client: FlaskClient, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_page, "FAILURES", 2)
    for number in range(3):
        (pictures / f"broken-{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing in here")
    client.post("/library", data={"do": "start"})
    finished(app)
    assert "broken-2" not in client.get("/library").text
    assert "broken-2" in client.get("/library?page=2").text
