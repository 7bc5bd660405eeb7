"""JSON with an ETag of its content, so that asking again costs no transfer while nothing has changed."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from pydantic_core import to_json


def answer(value: Any, status: int = 200) -> Response:
    """A record, or records, as JSON; 304 without a body where the client has just that already."""
    response = Response(to_json(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-cache"  # kept, and asked about each time
    if request.method != "GET":
        return response
    response.add_etag()
    response.make_conditional(request)
    return response
