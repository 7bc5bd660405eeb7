"""Originals and thumbnails: by id only, as what they are, kept by the browser, and clear when they are gone."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.web.conftest import open_library
from tests.web.pages import id_of, names
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from searchengine.library import Library


def test_an_original_is_the_file(client: FlaskClient, samples: Library, sample_photos: Path) -> None:
    for name, kind in (("rocket.jpg", "image/jpeg"), ("coffee.png", "image/png")):
        response = client.get(f"/photos/{id_of(samples, name)}/original")
        assert response.data == (sample_photos / name).read_bytes()
        assert response.mimetype == kind
        assert response.headers["Content-Disposition"] == f"inline; filename={name}"
        download = client.get(f"/photos/{id_of(samples, name)}/original?download=1")
        assert download.headers["Content-Disposition"] == f"attachment; filename={name}"


def test_a_thumbnail_is_a_small_jpeg(client: FlaskClient, samples: Library) -> None:
    response = client.get(f"/photos/{id_of(samples, 'china.jpg')}/thumbnail")
    assert response.mimetype == "image/jpeg"
    with Image.open(io.BytesIO(response.data)) as picture:
        assert max(picture.size) == 256


@pytest.mark.parametrize("kind", ["original", "thumbnail", "large"])
def test_a_browser_keeps_pictures_and_asks_for_none_twice(client: FlaskClient, samples: Library, kind: str) -> None:
    address = f"/photos/{id_of(samples, 'china.jpg')}/{kind}"
    first = client.get(address)
    for directive in ("private", "immutable", "max-age=31536000"):
        assert directive in first.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_the_address_of_a_picture_tells_contents_apart(client: FlaskClient, samples: Library) -> None:
    """Tomorrow another library may have another photo under this id."""
    photo = samples.database.photos.get([id_of(samples, "china.jpg")])[0]
    assert f"/photos/{photo.id}/thumbnail?v={photo.fingerprint.hex()[:8]}" in client.get("/").text


def test_what_browsers_cannot_show_is_downloaded(own: Library) -> None:
    response = create_app(own).test_client().get(f"/photos/{id_of(own, 'blue.tif')}/original")
    assert response.mimetype == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_a_picture_with_the_name_of_a_web_page_is_a_picture(tmp_path: Path, pictures: Path) -> None:
    """What a browser might run is decided by the content, and it is told not to guess."""
    (pictures / "green.png").rename(pictures / "page.html.png")
    (pictures / "evil.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    (pictures / "evil.jpg").write_text("<html><script>alert(1)</script></html>")
    with open_library(tmp_path) as library:
        library.index([pictures])
        client = create_app(library).test_client()
        assert sorted(names(client.get("/"))) == ["blue.tif", "page.html.png", "red.jpg"]
        response = client.get(f"/photos/{id_of(library, 'page.html.png')}/original")
        assert response.mimetype == "image/png"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_lost_thumbnail_is_drawn_again(own: Library) -> None:
    photo_id = id_of(own, "red.jpg")
    path = own.thumbnails.path(own.database.photos.get([photo_id])[0].fingerprint)
    path.unlink()
    client = create_app(own).test_client()
    assert client.get(f"/photos/{photo_id}/thumbnail").mimetype == "image/jpeg"
    assert path.exists()
    path.write_bytes(b"torn")
    assert client.get(f"/photos/{photo_id}/thumbnail").data == path.read_bytes() != b"torn"


def test_a_preview_is_drawn_once_and_none_is_larger_than_its_photo(own: Library, pictures: Path) -> None:
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(pictures / "large.jpg")
    own.index()
    client = create_app(own).test_client()
    for name, size in (("large.jpg", (1600, 1067)), ("blue.tif", (48, 64))):
        address = f"/photos/{id_of(own, name)}/large"
        response = client.get(address)
        assert response.mimetype == "image/jpeg"
        with Image.open(io.BytesIO(response.data)) as picture:
            assert picture.size == size
            assert picture.format == "JPEG"
    path = own.previews.path(own.database.photos.get([id_of(own, "large.jpg")])[0].fingerprint)
    (pictures / "large.jpg").unlink()
    again = client.get(f"/photos/{id_of(own, 'large.jpg')}/large")
    assert again.data == path.read_bytes()
    path.unlink()
    assert client.get(f"/photos/{id_of(own, 'large.jpg')}/large").status_code == 404


def test_a_heat_map_is_a_picture_that_is_worked_out_once(client: FlaskClient, samples: Library) -> None:
    address = f"/photos/{id_of(samples, 'chelsea.png')}/heat-map"
    first = client.get(f"{address}?q=a+cat")
    assert first.status_code == 200
    assert first.mimetype == "image/jpeg"
    with Image.open(io.BytesIO(first.data)) as picture:
        assert picture.width > 600
    assert "no-cache" in first.headers["Cache-Control"]
    again = client.get(f"{address}?q=a+cat", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"{address}?q=a+dog").headers["ETag"] != first.headers["ETag"]
    assert client.get(address).status_code == 400
    assert client.get(f"{address}?q=(").status_code == 400
    assert client.get(f"{address}?q=like:/etc/passwd").status_code == 400
    assert client.get("/photos/999/heat-map?q=a+cat").status_code == 404


def test_an_original_that_is_gone_or_changed_is_said_to_be(own: Library, pictures: Path) -> None:
    client = create_app(own).test_client()
    original = f"/photos/{id_of(own, 'red.jpg')}/original"
    Image.new("RGB", (10, 10)).save(pictures / "red.jpg")
    response = client.get(original)
    assert response.status_code == 409
    assert "changed since it was indexed" in response.text
    (pictures / "red.jpg").unlink()
    response = client.get(original)
    assert response.status_code == 404
    assert "no such file" in response.text
    assert client.get(original.replace("original", "thumbnail")).status_code == 200
    own.index()  # now it is known to be missing
    assert "isn&#39;t there any more" in client.get(original).text
    assert "red.jpg" not in names(client.get("/"))


def test_a_copy_serves_when_the_first_place_is_gone(pictures: Path, tmp_path: Path) -> None:
    data = (pictures / "red.jpg").read_bytes()
    (pictures / "z-copy.jpg").write_bytes(data)
    with open_library(tmp_path) as library:
        library.index([pictures])
        (pictures / "red.jpg").unlink()
        response = create_app(library).test_client().get(f"/photos/{id_of(library, 'red.jpg')}/original")
        assert response.data == data


def test_a_photo_on_a_drive_that_is_away_is_shown_small_and_said_to_be_away(own: Library) -> None:
    with own.database.writing():
        own.database.roots.away(own.database.roots.all()[0].id)
    client = create_app(own).test_client()
    photo_id = id_of(own, "red.jpg")
    assert "not connected" in client.get("/").text
    assert "can’t be reached now" in client.get(f"/photos/{photo_id}").text
    assert client.get(f"/photos/{photo_id}/thumbnail").status_code == 200
    response = client.get(f"/photos/{photo_id}/original")
    assert response.status_code == 404
    assert "drive" in response.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_fifo_in_the_place_of_a_photo_does_not_hang(own: Library, pictures: Path) -> None:
    (pictures / "red.jpg").unlink()
    os.mkfifo(pictures / "red.jpg")
    assert create_app(own).test_client().get(f"/photos/{id_of(own, 'red.jpg')}/original").status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/photos/../../etc/passwd", "/photos/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/photos//etc/passwd/original",
     "/photos/1/../library.db", "/static/../__init__.py", "/static/%2e%2e/__init__.py", "/thumbnails/00/00.jpg"],
)  # fmt: skip
def test_nothing_is_served_by_path(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404
