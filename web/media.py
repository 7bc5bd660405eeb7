"""Pictures, by the photo's id and nothing else: no path comes from a browser.

What an address shows never changes, since a photo is its content: the fingerprint is in the address and in the ETag,
and browsers keep it. (The id alone would not do: another library may be served from the same port tomorrow.) Only a
heat map follows from what the library knows at that moment, and is asked about again.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, send_file

from searchengine.errors import printable
from searchengine.photos import previews, thumbnails
from searchengine.photos.decode import decode
from searchengine.searching.explain import draw
from web.context import photo_with_id, the_library
from web.forms import MAX_ID
from web.lines import asked_line
from web.originals import original_of
from web.turns import DRAWING, MODEL

if TYPE_CHECKING:
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

PHOTO = f"/photos/<int(max={MAX_ID}):photo_id>"


@blueprint.get(f"{PHOTO}/thumbnail")
def thumbnail(photo_id: int) -> Response:
    """A JPEG of which the longer side has 256 pixels; drawn again when the cache has lost it."""
    return _smaller(photo_id, the_library().thumbnails, thumbnails.SIDE, thumbnails.QUALITY)


@blueprint.get(f"{PHOTO}/large")
def large(photo_id: int) -> Response:
    """A JPEG of which the longer side has at most 1600 pixels; drawn when somebody looks at it."""
    return _smaller(photo_id, the_library().previews, previews.SIDE, previews.QUALITY)


@blueprint.get(f"{PHOTO}/original")
def original(photo_id: int) -> Response:
    """The photo's file as it is; shown where browsers can, else downloaded."""
    photo = photo_with_id(photo_id)
    if _has_it(photo.fingerprint.hex()):
        return _lasting(Response(status=304), photo)
    path, data = original_of(photo)
    shown = SHOWN.get(photo.facts.format)
    response = send_file(
        io.BytesIO(data),
        mimetype=shown or "application/octet-stream",
        as_attachment=shown is None or "download" in request.args,
        download_name=printable(os.path.basename(path)),  # noqa: PTH119  # paths are bytes, which pathlib doesn't take
        etag=False,
    )
    return _lasting(response, photo)


@blueprint.get(f"{PHOTO}/heat-map")
def heat_map(photo_id: int) -> Response:
    """A JPEG of the regions that speak for the query `q`."""
    photo, line = photo_with_id(photo_id), asked_line(request.args.get("q", "")) or ""
    asked = repr((photo.fingerprint, line, the_library().model_identity))
    etag = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:32]
    if _has_it(etag):
        response = Response(status=304)
    else:
        with MODEL.one():
            response = Response(draw(the_library().explain(photo_id, line), "JPEG"), mimetype="image/jpeg")
    response.set_etag(etag)
    response.cache_control.private = response.cache_control.no_cache = True
    return response


def _smaller(photo_id: int, cache: thumbnails.Thumbnails, side: int, quality: int) -> Response:
    """A smaller picture of a photo from the cache, where it is put if it wasn't there."""
    photo = photo_with_id(photo_id)
    if _has_it(photo.fingerprint.hex()):
        return _lasting(Response(status=304), photo)
    jpeg = cache.get(photo.fingerprint)
    if jpeg is None:
        with DRAWING.one():
            path, data = original_of(photo)
            width, height = photo.facts.width, photo.facts.height
            shorter = -(-side * min(width, height) // max(width, height))
            jpeg = thumbnails.draw(decode(data, path=path, at_least=shorter).pixels, side, quality)
        with suppress(OSError):  # a library that can't be written to, or a full disk
            cache.put(photo.fingerprint, jpeg)
    return _lasting(Response(jpeg, mimetype="image/jpeg"), photo)


def _has_it(etag: str) -> bool:
    """Whether the browser has this picture already, and only asks whether it has changed."""
    return request.if_none_match.contains(etag)


def _lasting(response: Response, photo: Photo) -> Response:
    """Let the browser keep this, and never ask again."""
    response.set_etag(photo.fingerprint.hex())
    control = response.cache_control
    control.no_cache = None
    control.private, control.immutable, control.max_age = True, True, YEAR
    return response
