"""The search page: a Flask application over one open library, for the person at this machine.

`create_app(library)` makes it; `searchengine serve` runs it. What the page shows stands in `pages`, pictures in
`media`, what programs ask for in `api`, what goes wrong in `errors`, who may ask in `access`. Nothing here touches
models or the database's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import (
    access,
    albums,
    api,
    collections,
    csrf,
    errors,
    export,
    library_page,
    login,
    media,
    pages,
    photo_page,
    reveal,
    sentences,
    texts,
    uploads,
)
from web.accounts import Accounts
from web.duplicates import DuplicateSearch
from web.jobs import IndexJob
from web.uploads import MAX_UPLOAD, NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Collection

    from flask import Flask

    from searchengine.library import Library

__all__ = ["MAX_UPLOAD", "NO_ROOM", "create_app"]


def create_app(library: Library, *, elsewhere: bool = False, names: Collection[str] = ()) -> Flask:
    """The application that searches this library, which stays the caller's to close.

    `elsewhere`: whether other machines are answered too; `names`: what leads here beside this machine's own names, as
    a proxy's does. With either, nobody comes in without the library's password or a token.
    """
    app = api.application(__name__)
    app.extensions["library"] = library
    app.extensions["index_job"] = indexing = IndexJob(library)
    app.extensions["duplicates"] = DuplicateSearch(library, indexing)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    locked = elsewhere or bool(names)
    access.protect(app, elsewhere=elsewhere, names=names, proxied=locked)
    login.protect(app, Accounts(library.settings.library), locked=locked)
    uploads.limit(app)
    csrf.protect(app)
    errors.handle(app)
    texts.install(app)
    sentences.install(app)
    for each in (pages, photo_page, albums, collections, library_page, media, export, reveal):
        app.register_blueprint(each.blueprint)
    api.register(app)
    return app
