"""Photos that a browser hands over: held in memory, never written to disk."""

from __future__ import annotations

import io
from typing import IO

from flask import Flask, Request, request
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

MAX_UPLOAD = 64 * 2**20
"""Bytes of a request, at most. Larger than photos of phones and cameras are; RAW files of some cameras are larger."""

MAX_FIELDS = 4 * 2**20
"""Bytes of a form's fields that aren't photos, at most: the ids of some 400,000 photos."""

NO_ROOM = "X_NO_ROOM"
"""The header, as servers name it, of a request whose body was thrown away because too many others are held."""


class InMemoryRequest(Request):
    """A request whose uploads stay in memory, where Werkzeug puts larger ones into a temporary file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002  # Werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return io.BytesIO()


def limit(app: Flask) -> None:
    """Keep uploads in memory, and say so when they are too large or too many."""
    app.request_class = InMemoryRequest
    app.config.update(MAX_CONTENT_LENGTH=MAX_UPLOAD, MAX_FORM_MEMORY_SIZE=MAX_FIELDS)
    app.before_request(_refuse_too_many)


def _refuse_too_many() -> None:
    if f"HTTP_{NO_ROOM}" in request.environ:
        raise TooManyRequests("Too many photos are being handed over at once. Try again in a moment.", retry_after=2)
    if (request.content_length or 0) > MAX_UPLOAD:
        raise RequestEntityTooLarge
