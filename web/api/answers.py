"""JSON with an ETag of its content, so that asking again costs no transfer while nothing has changed."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from pydantic_core import to_json

from web.tiles import Record


def answer(record: Record | dict[str, Any], status: int = 200) -> Response:
    """A record, or plain values, as JSON; 304 without a body where the client has just that already."""
    response = Response(to_json(record), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-cache"  # kept, and asked about each time
    if request.method in ("GET", "HEAD"):
        response.add_etag()
        response.make_conditional(request)
    return response


def gone() -> Response:
    """What was to be removed is."""
    return Response(status=204)
