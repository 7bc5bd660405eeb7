"""The API for programs: `/api/v1`, which answers in JSON over the same library as the pages.

One file for each thing that can be asked; what they share stands in `blueprint` (the routes' home and their document),
`answers` (JSON with an ETag) and `cursors`. Errors become problem+json in `web/errors.py`, with their statuses.
"""

from __future__ import annotations

from flask_openapi3.openapi import OpenAPI

from web.api import albums, collections, document, facets, feedback, jobs, photos, search, upkeep
from web.api.blueprint import INFO, api
from web.problems import Problem, refuse

__all__ = [
    "albums",
    "application",
    "collections",
    "document",
    "facets",
    "feedback",
    "jobs",
    "photos",
    "register",
    "search",
    "upkeep",
]


def application(name: str) -> OpenAPI:
    """A Flask application that collects the API's document from the code."""
    return OpenAPI(
        name,
        info=INFO,
        doc_ui=False,  # its pages need inline scripts; ours is in `document`
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        openapi_extensions={"security": [{"token": []}, {}]},
        validation_error_status=400,
        validation_error_model=Problem,
        validation_error_callback=refuse,
    )


def register(app: OpenAPI) -> None:
    """Add the API to the application."""
    app.url_map.converters["album"] = albums.AlbumConverter
    app.register_api(api)
