"""From what a person calls a photo, its path or the id that a search prints, to what it is called for good."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, PhotoUnreadableError, printable
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState
from searchengine.searching.expression import Leaf, Like, printed, rewritten
from searchengine.searching.query import parse
from searchengine.settings import absolute

if TYPE_CHECKING:
    from searchengine.records import Photo
    from searchengine.store.database import Database

LONGEST_ID = 18
"""Digits that a number of the database may have."""


def photo_ids(database: Database, named: Sequence[str | Path | int]) -> list[int]:
    """The ids of photos of the library, each once, in this order.

    Digits are an id unless a file is called so. A file elsewhere with the content of a photo is that photo. Raises
    NotFoundError for what isn't in the library.
    """
    numbers = [each for each in named if isinstance(each, int)]
    known = {photo.id for photo in database.photos.get(numbers)}  # at once: a page may name thousands
    ids = (each if isinstance(each, int) and each in known else _photo_id(database, each) for each in named)
    return list(dict.fromkeys(ids))


def path_or_id(named: str) -> Path | int:
    """What a person wrote: digits are an id unless a file is called so."""
    photo_id = _as_id(named)
    return Path(named) if photo_id is None else photo_id


def readable_path(database: Database, named: str | Path | int) -> bytes:
    """Where a photo can be read, absolute: a path as it is, for an id a place that is there. Raises NotFoundError."""
    if _as_id(named) is None:
        return os.fsencode(absolute(Path(str(named))))
    (photo,) = database.photos.get([_photo_id(database, named)])
    for file in photo.files:
        if file.state is FileState.PRESENT:
            return file.path
    raise NotFoundError(f"No file of photo {named} is there now.", "Connect the drive that it is on.")


def _as_id(named: str | Path | int) -> int | None:
    """The id that it is: digits are one, unless a file is called so, or they are more than an id can have."""
    if isinstance(named, int):
        return named
    digits = str(named)
    number = digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_ID and not Path(named).exists()
    return int(digits) if number else None


def _photo_id(database: Database, named: str | Path | int) -> int:
    photo_id = _as_id(named)
    if photo_id is not None:
        if not database.photos.get([photo_id]):
            raise NotFoundError(f"There is no photo {named} in the library.", "`searchengine search` prints the ids.")
        return photo_id
    photo = _at(database, os.fsencode(absolute(Path(str(named)))))
    if photo is None:
        raise NotFoundError(
            f"{printable(str(named))} is not in the library.", "Take its folder in with `searchengine index FOLDER`."
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


def lasting(line: str) -> str:
    """A line as the query language writes it, its photos' paths as they are known from every folder.

    Raises QueryError, and UsageError for a path in nobody's home.
    """
    return printed(rewritten(parse(line), _for_good))


def _for_good(part: Leaf) -> Leaf:
    if not isinstance(part, Like):
        return part
    number = part.photo.isascii() and part.photo.isdecimal() and len(part.photo) <= LONGEST_ID
    return part if number else Like(str(absolute(part.photo)), part.weight)
