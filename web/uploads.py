"""Photos that a browser hands over: held in memory, never written to disk."""

from __future__ import annotations

import io
from typing import IO

from flask import Request

MAX_UPLOAD = 64 * 2**20
"""Bytes of a request, at most. Larger than photos of phones and cameras are; RAW files of some cameras are larger."""


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
