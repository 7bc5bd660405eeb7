"""The library that the running application searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

from searchengine.errors import NotFoundError

if TYPE_CHECKING:
    from searchengine.library import Library
    from searchengine.records import Photo


def the_library() -> Library:
    """The library that `create_app` was given."""
    return cast("Library", current_app.extensions["library"])


def photo_with_id(photo_id: int) -> Photo:
    """One photo of the library. Raises NotFoundError."""
    photos = the_library().database.photos.get([photo_id])
    if not photos:
        raise NotFoundError(f"There is no photo {photo_id} in the library.")
    return photos[0]
