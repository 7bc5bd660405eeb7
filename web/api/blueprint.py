"""The blueprint that the API's routes are written on, and what they have in common in the document."""

from __future__ import annotations

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag

from searchengine import __version__
from web.problems import MEDIA_TYPE

INFO = Info(
    title="searchengine",
    version=__version__,
    summary="Find your own photographs by what is in them.",
    description=(
        "Answers are JSON and carry an ETag; ask again with If-None-Match and an unchanged one costs 304 and no body. "
        "What goes wrong is application/problem+json. Photos are known by their id. "
        "Where a password is set, send a token that `searchengine tokens add NAME` made: Authorization: Bearer TOKEN."
    ),
)

SCHEMAS = "#/components/schemas/"
"""Where the document keeps what it names."""

PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, **PROBLEM}


api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={
        400: _problem("What was asked makes no sense as it stands."),
        "default": _problem("It can't be answered; the status says why."),
    },
    operation_id_callback=lambda *, name, path, method: name,  # noqa: ARG005  # the library's signature
)

SEARCHING = Tag(name="search", description="Photos by words, by other photos, by conditions.")
PHOTOS = Tag(name="photos", description="What is known of photos.")
COLLECTIONS = Tag(name="collections", description="Albums, labels, places, duplicates.")
UPKEEP = Tag(name="upkeep", description="What the library holds, and taking photos into it.")
