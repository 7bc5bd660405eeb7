"""A photo's own file, found by the photo's id and only while it holds what was indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort

from searchengine.errors import PhotoUnreadableError
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState

if TYPE_CHECKING:
    from searchengine.records import Photo


def original_of(photo: Photo) -> tuple[bytes, bytes]:
    """A path and the bytes of a file that still holds this photo. Ends the request with why there is none."""
    gone = 404, "The original isn't there any more."
    if any(file.state is FileState.OFFLINE for file in photo.files):
        gone = 404, "The original is on a drive that isn't connected now."
    for file in photo.files:
        if file.state is not FileState.PRESENT:
            continue
        try:
            data = read(file.path, stamp_of(file.path))
        except PhotoUnreadableError as error:
            gone = 404, error.what
            continue
        if fingerprint(data) == photo.fingerprint:
            return file.path, data
        # Another content. (Or a RAW, beside the picture that stands for it.)
        gone = 409, "The file has changed since it was indexed; `searchengine index` takes up what it is now."
    return abort(*gone)
