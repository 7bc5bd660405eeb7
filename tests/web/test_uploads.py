"""Photos that are handed over: too large, too many, too slow, broken."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchengine.cli import http_server
from tests.web.pages import multipart
from tests.web.real_server import running
from web import MAX_UPLOAD, create_app, turns
from web.turns import Turns

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from searchengine.library import Library

Answer = tuple[int, http.client.HTTPMessage, str]


@pytest.fixture
def address(samples: Library) -> Iterator[str]:
    with running(create_app(samples)) as address:
        yield address


def post(address: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def closed(connection: socket.socket) -> bool:
    """Whether the server has hung up, asked by sending one byte more."""
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def nothing_is_held() -> bool:
    """Whether the memory of all uploads is given back; the server does so when it is done with the answer."""
    for _ in range(1000):
        if http_server._held == 0:
            return True
        threading.Event().wait(0.01)
    return False


def test_a_photo_that_is_too_large_is_refused_in_our_words(address: str) -> None:
    """The browser hears it though it is still sending, and nothing of it was kept."""
    body, headers = multipart(bytes(MAX_UPLOAD + 10), "large.jpg")
    for headers["X-Requested-By"] in ("a form", "a program"):
        status, _, text = post(address, "/", body, headers)
        assert status == 413
        assert "larger than 64 MB" in text
        assert "<html" in text
    status, sent, text = post(address, "/api/v1/similar", body, headers)
    assert status == 413
    assert sent.get_content_type() == "application/problem+json"
    assert "64 MB" in json.loads(text)["detail"]
    assert nothing_is_held()


def test_uploads_take_only_so_much_memory(address: str, sample_photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, headers = multipart((sample_photos / "rocket.jpg").read_bytes(), "rocket.jpg")
    monkeypatch.setattr(http_server, "ROOM", len(body) - 1)
    status, sent, _ = post(address, "/", body, headers)
    assert status == 429
    assert sent["Retry-After"]
    assert post(address, "/login", b"password=", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 403
    monkeypatch.undo()
    assert post(address, "/", body, headers)[0] == 200
    assert nothing_is_held()


def test_a_body_without_a_length_is_not_taken(address: str) -> None:
    """Any number of them would fit into no room."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 411"


def test_headers_are_small(address: str) -> None:
    """Reading them comes before the password."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", "/login", headers={"Accept-Language": "de," * 30_000})
    assert connection.getresponse().status == 431
    connection.close()


def test_who_sends_too_slowly_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        monkeypatch.setattr(http_server, "SLOWEST", 0)
        connection.settimeout(0.05)
        assert any(closed(connection) for _ in range(1000))
    assert nothing_is_held()


def test_long_work_never_blocks_the_page(address: str, sample_photos: Path) -> None:
    body, headers = multipart((sample_photos / "rocket.jpg").read_bytes(), "rocket.jpg")
    with ExitStack() as others:
        for _ in range(turns.MODEL.threads):
            turns.MODEL._room.acquire()
            others.callback(turns.MODEL._room.release)
        for path in ("/", "/api/v1/similar"):
            status, sent, _ = post(address, path, body, headers)
            assert status == 429
            assert sent["Retry-After"]
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("GET", "/?q=a+cat")
        assert connection.getresponse().status == 200
        connection.close()
    assert post(address, "/", body, headers)[0] == 200


def test_every_kind_of_long_work_leaves_threads_for_what_is_quick() -> None:
    kinds = [each for each in vars(turns).values() if isinstance(each, Turns)]
    assert len(kinds) == 4
    assert sum(kind.threads for kind in kinds) == turns.LONG_WORK


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"no photo at all", 422),
        (b"<html><script>alert(1)</script></html>", 422),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", 422),
        (b"\xff\xd8\xff\xe0" + bytes(500), 422),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00", 422),  # 10⁵ × 10⁵
    ],
)
def test_what_is_no_photo_is_refused(client: FlaskClient, data: bytes, status: int) -> None:
    body, headers = multipart(data, "../../etc/passwd.jpg")
    response = client.post("/", data=body, headers=headers)
    assert response.status_code == status
    assert client.post("/api/v1/similar", data=body, headers=headers).status_code == status


@pytest.mark.slow
def test_broken_photos_break_nothing(client: FlaskClient, shared_data: Path) -> None:
    archive = shared_data / "malformed_images.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    statuses: dict[int, int] = {}
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith("/"):
                continue
            body, headers = multipart(files.read(name), Path(name).name)
            response = client.post("/api/v1/similar", data=body, headers=headers)
            statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
    assert set(statuses) <= {200, 422}
    assert statuses[422] > 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--limit",
        b"--limit\r\n\r\n--limit--\r\n",
        b'--limit\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + b"x" * 5000,
        b'--limit\r\nContent-Disposition: form-data; name="q"\r\n\r\n' + b"x" * 5_000_000 + b"\r\n--limit--\r\n",
        b"".join(b'--limit\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n' for _ in range(2000))
        + b"--limit--",
    ],
    ids=["empty", "cut off", "no fields", "no end", "a long field", "many fields"],
)
def test_a_broken_form_is_the_sender_s_mistake(client: FlaskClient, body: bytes) -> None:
    for content_type in (
        "multipart/form-data; boundary=limit",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ):
        for path in ("/", "/api/v1/similar"):
            response = client.post(path, data=body, headers={"Content-Type": content_type})
            assert 400 <= response.status_code < 500
