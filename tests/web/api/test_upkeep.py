"""The library as a whole through the API: what it holds, what failed, indexing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from searchengine.library import Library
from tests.web.api.asking import ROOT, get, problem, send
from web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@pytest.fixture
def app(own: Library) -> Iterator[Flask]:
    app = create_app(own)
    yield app
    app.extensions["index_job"].close()


def test_the_status_tells_what_the_library_holds(app: Flask, own: Library, pictures: Path) -> None:
    status = get(app.test_client(), "/status")
    assert (status["photos"], status["embedded"], status["unreadable"]) == (3, 3, 0)
    assert status["files"] == {"present": 3, "missing": 0, "offline": 0}
    assert status["roots"] == [{"path": str(pictures), "online": True, "exclude": [], "files": 3}]
    assert status["model"] == own.model_identity.name


def test_what_could_not_be_read_is_told_page_by_page(app: Flask, own: Library, pictures: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (pictures / name).write_bytes(b"\xff\xd8\xff no photo")
    own.index()
    client = app.test_client()
    first = get(client, "/failures", limit=2)
    second = get(client, "/failures", limit=2, cursor=first["cursor"])
    assert (first["total"], second["cursor"]) == (3, None)
    failed = first["failures"] + second["failures"]
    assert [Path(each["path"]).name for each in failed] == ["a.jpg", "b.jpg", "c.jpg"]
    assert all(each["reason"] for each in failed)


def test_the_model_that_answers_is_marked(app: Flask) -> None:
    models = get(app.test_client(), "/models")["models"]
    assert [model["name"] for model in models if model["active"]] == ["builtin"]
    assert {"search", "captioner", "matcher"} == {model["kind"] for model in models}


def test_indexing_is_started_followed_and_stopped(app: Flask, pictures: Path) -> None:
    client = app.test_client()
    assert get(client, "/jobs/index")["state"] == "idle"
    Image.new("RGB", (64, 48), (1, 2, 3)).save(pictures / "new.png")
    started = send(client, "POST", "/jobs/index")
    assert started.status_code == 202
    assert started.json["state"] == "running"
    app.extensions["index_job"].close()
    response = client.get(f"{ROOT}/jobs/index")
    assert response.json["state"] == "done"
    assert response.json["report"]["added"] + response.json["report"]["interrupted"] >= 1
    again = client.get(f"{ROOT}/jobs/index", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert send(client, "DELETE", "/jobs/index").json["state"] == "done"  # there is nothing to stop


def test_what_cannot_be_indexed_is_refused(app: Flask) -> None:
    client = app.test_client()
    bodies: list[Any] = [[], {"folders": "x"}, {"folders": [1]}, {"folder": ["/"]}, {"folders": ["x"] * 101}]
    for body in bodies:
        problem(send(client, "POST", "/jobs/index", body), 400)
    problem(client.post(f"{ROOT}/jobs/index", data=b"{", content_type="application/json"), 400)
    assert app.extensions["index_job"].state.state == "idle"
