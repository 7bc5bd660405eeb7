"""The picture of a photo that the library knows, from whichever of its places still holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.errors import PhotoUnreadableError
from searchengine.photos.decode import decode
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState

if TYPE_CHECKING:
    from searchengine.records import Photo, Pixels


def pixels_of(photo: Photo, at_least: int) -> Pixels:
    """The picture, uint8 (h, w, 3), `at_least` as for `decode`, as it was indexed.

    Raises PhotoUnreadableError when it lies nowhere within reach, or what lies there has changed since.
    """
    failed: PhotoUnreadableError | None = None
    for file in photo.files:
        if file.state is not FileState.PRESENT:
            continue
        try:
            data = read(file.path, stamp_of(file.path))
            if fingerprint(data) != photo.fingerprint:
                raise PhotoUnreadableError(file.path, "it has changed since it was indexed")
            return decode(data, path=file.path, at_least=at_least).pixels
        except PhotoUnreadableError as error:
            failed = failed or error
    raise failed or PhotoUnreadableError(photo.files[0].path if photo.files else b"?", "it is out of reach")
