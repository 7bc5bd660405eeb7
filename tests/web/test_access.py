"""Only the person at this machine is answered, and no other host is ever asked."""

from __future__ import annotations

import http.client
import re
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import web
from tests.web.pages import id_of, multipart, token_of
from tests.web.real_server import running
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from searchengine.library import Library

WEB = Path(web.__file__).parent


@pytest.mark.parametrize("host", ["localhost", "localhost:5005", "127.0.0.1:80"])
def test_this_machine_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["example.org", "example.org:5005", "localhost.example.org", "192.168.1.5:5005", "127.0.0.1.nip.io"]
)
def test_a_name_that_only_points_here_is_refused(client: FlaskClient, samples: Library, host: str) -> None:
    """DNS rebinding: another site's own name for 127.0.0.1."""
    photo = id_of(samples, "china.jpg")
    for address in ("/", f"/photos/{photo}/original", f"/photos/{photo}/thumbnail", "/static/style.css", "/nowhere"):
        response = client.get(address, headers={"Host": host})
        assert response.status_code == 403
        assert b"chelsea" not in response.data


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:5005", 200),
        ("192.168.1.5:5005", 200),
        ("[2001:db8::1]:5005", 200),
        (socket.gethostname(), 200),
        ("photos.example.org", 200),
        ("PHOTOS.example.org:443", 200),
        ("example.org", 403),
        ("evil.photos.example.org", 403),
        ("192.168.1.5.nip.io", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_other_machines_ask_by_address_or_by_a_name_that_was_given(samples: Library, host: str, status: int) -> None:
    app = create_app(samples, elsewhere=True, names=["photos.example.org"])
    assert app.test_client().get("/login", headers={"Host": host}).status_code == status


def test_an_origin_elsewhere_changes_nothing(samples: Library) -> None:
    """Browsers tell servers on other machines nothing else of where a request comes from."""
    client = create_app(samples, elsewhere=True).test_client()
    for origin, status in (("http://192.168.1.5", 303), ("http://192.168.1.6", 403), ("null", 403), ("http://[", 403)):
        headers = {"Host": "192.168.1.5", "Origin": origin, "X-CSRF-Token": token_of(client)}
        assert client.post("/logout", headers=headers).status_code == (401 if status == 303 else status)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_proxy_in_front_is_noticed(client: FlaskClient, header: str) -> None:
    """Who asks through it is not known, so it must not be taken for the person at this machine."""
    response = client.get("/", headers={header: "203.0.113.7"})
    assert response.status_code == 403
    assert "--name" in response.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_ask_in_the_person_s_name(client: FlaskClient, samples: Library, site: str) -> None:
    photo = id_of(samples, "china.jpg")
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.get(f"/photos/{photo}/thumbnail", headers=embedded).status_code == 403
    posted = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert client.post("/", data={"q": "a cat"}, headers=posted).status_code == 403
    assert client.get("/?q=a+cat", headers=posted).status_code == 200  # a link that the person followed
    ours = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    form = {"q": "a cat", "csrf_token": token_of(client)}
    assert client.post("/", data=form, headers=ours).status_code == 200


def test_every_answer_tells_the_browser_what_it_may_do(client: FlaskClient, samples: Library) -> None:
    photo = id_of(samples, "china.jpg")
    addresses = ["/", "/nowhere", f"/photos/{photo}", f"/photos/{photo}/original", "/static/frame.js", "/?page=0"]
    for address in addresses:
        headers = client.get(address, buffered=True).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_the_page_names_no_other_host_and_needs_no_inline_code() -> None:
    files = [*(WEB / "templates").iterdir(), *(WEB / "static").iterdir()]
    assert len(files) > 5
    for file in files:
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.[a-z]", text), file
        if file.suffix == ".html":
            code = r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=| type=.application/json.)|javascript:"
            assert not re.search(code, text), file


def test_only_what_is_meant_to_change_something_is_posted(client: FlaskClient) -> None:
    for address in ("/photos/1", "/photos/1/original", "/static/style.css"):
        response = client.post(address)
        assert response.status_code == 405


@pytest.fixture
def address(samples: Library) -> Iterator[str]:
    with running(create_app(samples)) as address:
        yield address


def test_many_ask_at_once(address: str, samples: Library) -> None:
    photo = id_of(samples, "china.jpg")
    paths = ["/?q=a+cat", f"/photos/{photo}/thumbnail", f"/photos/{photo}/original", f"/photos/{photo}", "/"] * 8

    def get(path: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as response:
            return response.status, response.read()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(get, paths))
    assert {status for status, _ in answers} == {200}
    for path, (_, data) in zip(paths, answers, strict=True):
        assert data == answers[paths.index(path)][1]


def test_a_photo_is_handed_over_through_a_real_server(address: str, sample_photos: Path) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", "/", *multipart((sample_photos / "motorcycle_left.png").read_bytes(), "a.png"))
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200
    assert "motorcycle_right.png" in text
    assert "chelsea.png" not in text
