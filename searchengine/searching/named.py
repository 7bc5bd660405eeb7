"""From what a person calls a photo to the library's photo: its path, or the id that a search prints."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, PhotoUnreadableError, printable
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.settings import absolute

if TYPE_CHECKING:
    from searchengine.records import Photo
    from searchengine.store.database import Database


def photo_ids(database: Database, named: Sequence[str | Path | int]) -> list[int]:
    """The ids of photos of the library, each once, in this order.

    Digits are an id unless a file is called so. A file elsewhere with the content of a photo is that photo. Raises
    NotFoundError for what isn't in the library.
    """
    return list(dict.fromkeys(_photo_id(database, each) for each in named))


def _photo_id(database: Database, named: str | Path | int) -> int:
    digits = str(named)
    if isinstance(named, int) or (digits.isascii() and digits.isdecimal() and not Path(named).exists()):
        if not database.photos.get([int(digits)]):
            raise NotFoundError(f"There is no photo {digits} in the library.", "`searchengine search` prints the ids.")
        return int(digits)
    photo = _at(database, os.fsencode(absolute(Path(named))))
    if photo is None:
        raise NotFoundError(
            f"{printable(named)} is not in the library.", "Take its folder in with `searchengine index FOLDER`."
        )
    return photo.id


def _at(database: Database, path: bytes) -> Photo | None:
    """The photo at a path: as it is known (photos by their real paths), else by what the file holds."""
    known = database.photos.by_path(path) or database.photos.by_path(os.path.realpath(path))
    if known is not None:
        return known
    try:
        return database.photos.by_fingerprint(fingerprint(read(path, stamp_of(path))))
    except PhotoUnreadableError:
        return None
