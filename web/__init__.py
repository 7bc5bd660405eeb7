"""The search page: a Flask application over one open library, for the person at this machine.

`create_app(library)` makes it; `searchengine serve` runs it. What the page shows stands in `pages`, pictures in
`media`, what programs ask for in `api`, what goes wrong in `errors`, who may ask in `access`. Nothing here touches
models or the database's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import access, albums, api, csrf, errors, media, pages, photo_page, texts
from web.accounts import Accounts
from web.duplicates import DuplicateSearch
from web.jobs import IndexJob
from web.uploads import MAX_UPLOAD, InMemoryRequest

if TYPE_CHECKING:
    from flask import Flask

    from searchengine.library import Library

__all__ = ["MAX_UPLOAD", "create_app"]


def create_app(library: Library) -> Flask:
    """The application that searches this library, which stays the caller's to close."""
    app = api.application(__name__)
    app.request_class = InMemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    app.config["TRUSTED_HOSTS"] = access.HOSTS
    app.secret_key = Accounts(library.settings.library).key()
    app.config.update(SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_HTTPONLY=True)
    app.extensions["library"] = library
    app.extensions["index_job"] = indexing = IndexJob(library)
    app.extensions["duplicates"] = DuplicateSearch(library, indexing)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    access.protect(app)
    csrf.protect(app)
    errors.handle(app)
    texts.install(app)
    for each in (pages, photo_page, albums, media):
        app.register_blueprint(each.blueprint)
    api.register(app)
    return app
