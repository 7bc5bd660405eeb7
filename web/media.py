"""Pictures, by the photo's id and nothing else: no path comes from a browser.

What an address shows never changes, since a photo is its content: the fingerprint is in the address and in the ETag,
and browsers keep it. (The id alone would not do: another library may be served from the same port tomorrow.)
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Blueprint, abort, request, send_file

from searchengine.errors import PhotoUnreadableError, printable
from searchengine.photos.decode import decode
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.photos.thumbnails import SIDE, draw
from searchengine.records import FileState
from web.context import photo_with_id, the_library
from web.forms import MAX_ID

if TYPE_CHECKING:
    from flask import Response

    from searchengine.records import Photo

blueprint = Blueprint("media", __name__)

SHOWN = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
"""Formats that every browser shows. Others are downloaded; what a browser might run (SVG, HTML) is no photo here."""

YEAR = 365 * 24 * 3600


@blueprint.get(f"/photos/<int(max={MAX_ID}):photo_id>/thumbnail")
def thumbnail(photo_id: int) -> Response:
    """A JPEG of which the longer side has 256 pixels; drawn again when the cache has lost it."""
    photo = photo_with_id(photo_id)
    jpeg = the_library().thumbnails.get(photo.fingerprint)
    if jpeg is None:
        path, data = _original(photo)
        jpeg = draw(decode(data, path=path, at_least=SIDE).pixels)
        with suppress(OSError):  # a library that can't be written to, or a full disk
            the_library().thumbnails.put(photo.fingerprint, jpeg)
    return _send(jpeg, photo, "image/jpeg", download_name=f"{photo.id}.jpg", attachment=False)


@blueprint.get(f"/photos/<int(max={MAX_ID}):photo_id>/original")
def original(photo_id: int) -> Response:
    """The photo's file as it is; shown where browsers can, else downloaded."""
    photo = photo_with_id(photo_id)
    path, data = _original(photo)
    shown = SHOWN.get(photo.facts.format)
    name = printable(os.path.basename(path))  # noqa: PTH119  # paths are bytes, which pathlib doesn't take
    attachment = shown is None or "download" in request.args
    return _send(data, photo, shown or "application/octet-stream", download_name=name, attachment=attachment)


def _original(photo: Photo) -> tuple[bytes, bytes]:
    """A path and the bytes of a file that still holds this photo. Ends the request when there is none."""
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


def _send(data: bytes, photo: Photo, mimetype: str, *, download_name: str, attachment: bool) -> Response:
    response = send_file(
        io.BytesIO(data),
        mimetype=mimetype,
        as_attachment=attachment,
        download_name=download_name,
        etag=photo.fingerprint.hex(),
        max_age=YEAR,
    )
    response.cache_control.public = False
    response.cache_control.private = True
    response.cache_control.immutable = True
    return response
