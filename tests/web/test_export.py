"""Photos to take along, in an archive and as a list."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.web.conftest import open_library
from tests.web.pages import id_of
from web import create_app, turns
from web.export import _Names

if TYPE_CHECKING:
    import pytest
    from werkzeug.test import TestResponse

    from searchengine.library import Library


def opened(response: TestResponse) -> zipfile.ZipFile:
    assert response.status_code == 200, response.text
    archive = zipfile.ZipFile(io.BytesIO(response.data))
    response.close()  # as every server does
    assert archive.testzip() is None
    return archive


def test_an_archive_holds_the_files_as_they_are(own: Library, pictures: Path) -> None:
    ids = [id_of(own, name) for name in ("red.jpg", "blue.tif", "red.jpg")]
    response = create_app(own).test_client().post("/export.zip", data={"id": ids})
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"] == "attachment; filename=photos.zip"
    archive = opened(response)
    assert sorted(archive.namelist()) == ["blue.tif", "red.jpg"]
    for info in archive.infolist():
        assert archive.read(info) == (pictures / info.filename).read_bytes()
        assert info.compress_type == zipfile.ZIP_STORED


def test_names_that_are_the_same_somewhere_are_told_apart(pictures: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("a/IMG.jpg", "b/IMG.jpg", "c/img.JPG", "d/IMG (2).jpg")):
        path = pictures / name
        path.parent.mkdir()
        Image.new("RGB", (30, 30), (9 * number, 90, 200)).save(path)
    with open_library(tmp_path) as library:
        library.index([pictures])
        ids = [photo.id for photo in library.database.photos.get(range(1, 20))]
        listed = opened(create_app(library).test_client().post("/export.zip", data={"id": ids})).namelist()
    assert len(listed) == 7
    assert len({name.casefold() for name in listed}) == 7


def test_a_name_leads_out_of_no_folder() -> None:
    names = _Names()
    assert names.of(b"/photos/..\\..\\evil.jpg") == ".._.._evil.jpg"
    assert names.of(b"/photos/caf\xe9.jpg") == "caf_xe9.jpg"
    assert names.of(b'/photos/a:b|c?*"<>.jpg') == "a_b_c_____.jpg"
    assert names.of("/photos/사진.jpg".encode()) == "사진.jpg"


def test_what_is_away_or_changed_is_left_out_and_named(own: Library, pictures: Path) -> None:
    (pictures / "red.jpg").unlink()
    Image.new("RGB", (10, 10)).save(pictures / "green.png")
    ids = [id_of(own, name) for name in ("red.jpg", "green.png", "blue.tif")]
    archive = opened(create_app(own).test_client().post("/export.zip", data={"id": [*ids, 999]}))
    assert sorted(archive.namelist()) == ["What is missing.txt", "blue.tif"]
    text = archive.read("What is missing.txt").decode()
    assert "red.jpg: " in text
    assert "no such file" in text
    assert "changed since it was indexed" in text


def test_an_archive_is_made_while_it_is_sent(own: Library, pictures: Path) -> None:
    """Its beginning is there before the last photo was read, so it may be larger than the memory."""
    ids = [id_of(own, name) for name in ("red.jpg", "green.png", "blue.tif")]
    response = create_app(own).test_client().post("/export.zip", data={"id": ids}, buffered=False)
    parts = response.iter_encoded()
    assert next(parts).startswith(b"PK")
    (pictures / "blue.tif").unlink()
    rest = b"".join(parts)
    assert b"What is missing.txt" in rest
    response.close()


def test_exports_beyond_two_wait(own: Library) -> None:
    client = create_app(own).test_client()
    form = {"id": id_of(own, "red.jpg")}
    running = [client.post("/export.zip", data=form, buffered=False) for _ in range(2)]
    refused = client.post("/export.zip", data=form)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    running[0].close()
    assert opened(client.post("/export.zip", data=form)).namelist() == ["red.jpg"]
    running[1].close()


def test_a_failed_export_gives_its_turn_back(own: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns.EXPORTS, "_patience", 0.1)
    client = create_app(own).test_client()
    for _ in range(5):
        assert client.post("/export.zip").status_code == 400
        assert client.post("/export.zip", data={"id": "x"}).status_code == 404
    opened(client.post("/export.zip", data={"id": id_of(own, "red.jpg")}))


def test_a_list_holds_the_paths(own: Library, pictures: Path) -> None:
    ids = [id_of(own, name) for name in ("blue.tif", "red.jpg")]
    response = create_app(own).test_client().post("/export.txt", data={"id": ids})
    assert response.mimetype == "text/plain"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.text.splitlines() == [str(pictures / "blue.tif"), str(pictures / "red.jpg")]


def test_many_ids_can_be_asked_for(own: Library) -> None:
    """A person may choose everything."""
    ids = "&".join(f"id={number}" for number in range(1, 100_001))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = create_app(own).test_client().post("/export.txt", data=ids, headers=headers)
    assert len(response.text.splitlines()) == 3


def test_an_export_is_asked_for_by_the_page_alone(own: Library) -> None:
    client = create_app(own).test_client()
    for path in ("/export.zip", "/export.txt"):
        assert client.get(path).status_code == 405
        assert client.post(path, data={"id": 1}, headers={"Origin": "http://localhost"}).status_code == 403
