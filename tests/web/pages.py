"""What a page shows, read from its HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from searchengine.library import Library


def names(response: TestResponse) -> list[str]:
    """The names of the photos in the page's grid, in order."""
    assert response.status_code == 200, response.text
    return [unescape(name) for name in re.findall(r'<span class="name">(.*?)</span>', response.text)]


def id_of(library: Library, name: str) -> int:
    """The id of the photo with this file name."""
    photos = library.database.photos.get(range(1, 100))
    return next(photo.id for photo in photos if any(file.path.endswith(b"/" + name.encode()) for file in photo.files))


def token_of(client: FlaskClient) -> str:
    """The token that the pages of this client carry."""
    match = re.search(r'name="csrf-token" content="(\w+)"', client.get("/login").text)
    assert match
    return match[1]


def links(response: TestResponse, rel: str) -> list[str]:
    """Where the page's links of this kind lead."""
    return [unescape(address) for address in re.findall(rf'<a rel="{rel}" href="(.*?)"', response.text)]


def multipart(data: bytes, name: str, **fields: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers with which a browser hands over the form with a photo.

    Flask's test client could do it, but keeps larger ones in temporary files, which the program must not.
    """
    parts = [b'--limit\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value.encode())
             for key, value in fields.items()]  # fmt: skip
    parts.append(b'--limit\r\nContent-Disposition: form-data; name="photo"; filename="%s"\r\n' % name.encode())
    parts.append(b"Content-Type: image/jpeg\r\n\r\n" + data + b"\r\n--limit--\r\n")
    return b"".join(parts), {"Content-Type": "multipart/form-data; boundary=limit"}
