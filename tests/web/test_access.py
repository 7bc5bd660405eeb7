"""Only the person at this machine is answered, and no other host is ever asked."""

from __future__ import annotations

import http.client
import re
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from waitress import create_server, wasyncore

import web
from tests.web.pages import id_of, multipart
from web import MAX_UPLOAD, create_app
from web.csrf import csrf_token

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


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_ask_in_the_person_s_name(client: FlaskClient, samples: Library, site: str) -> None:
    photo = id_of(samples, "china.jpg")
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.get(f"/photos/{photo}/thumbnail", headers=embedded).status_code == 403
    posted = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert client.post("/", data={"q": "a cat"}, headers=posted).status_code == 403
    assert client.get("/?q=a+cat", headers=posted).status_code == 200  # a link that the person followed
    ours = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    with client.application.test_request_context():
        form = {"q": "a cat", "csrf_token": csrf_token()}
    assert client.post("/", data=form, headers=ours).status_code == 200


def test_every_answer_tells_the_browser_what_it_may_do(client: FlaskClient, samples: Library) -> None:
    photo = id_of(samples, "china.jpg")
    addresses = ["/", "/nowhere", f"/photos/{photo}", f"/photos/{photo}/original", "/static/page.js", "/?page=0"]
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
        text = file.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
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
    """The page as `serve` runs it: waitress, on a port of its own."""
    server = create_server(create_app(samples), host="127.0.0.1", port=0, threads=4, inbuf_overflow=MAX_UPLOAD + 2**20)
    ended = threading.Event()

    def run() -> None:  # `server.run` ends only with the program
        while not ended.is_set():
            wasyncore.loop(timeout=0.05, count=1, map=server._map)

    thread = threading.Thread(target=run)
    thread.start()
    yield f"127.0.0.1:{server.effective_port}"
    ended.set()
    thread.join(10)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(server._map)


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
