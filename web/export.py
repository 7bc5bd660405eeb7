"""Photos to take along: their files in an archive, or a list of their paths.

The archive is made while it is sent, one photo after the other, so it may be larger than the memory and is written to
no disk. Photos are compressed already: they are stored as they are.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from searchengine.errors import UsageError, printable
from searchengine.records import FileState, Photo
from web.context import the_library
from web.forms import read_ids
from web.originals import original_of
from web.turns import EXPORTS

if TYPE_CHECKING:
    from searchengine.store.photos import Photos

blueprint = Blueprint("export", __name__)

BATCH = 200  # photos that are looked up at once
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]')
"""What some system can't have in the name of a file."""

MISSING = "What is missing.txt"


@blueprint.post("/export.zip")
def archive() -> Response:
    """The files of the photos that the field `id` names, which may be given again, as a ZIP archive.

    What can't be reached is left out, and named in a text beside the photos.
    """
    photos = _photos(the_library().database.photos, _ids())
    with ExitStack() as turn:
        turn.enter_context(EXPORTS.one())
        response = Response(_zipped(photos), mimetype="application/zip")
        response.call_on_close(turn.pop_all().close)
    response.headers["Content-Disposition"] = "attachment; filename=photos.zip"
    return response


@blueprint.post("/export.txt")
def paths() -> Response:
    """The paths of these photos, one on a line, as the file system has them."""
    photos = _photos(the_library().database.photos, _ids())
    lines = b"".join(_place(photo) + b"\n" for photo in photos if photo.files)
    return Response(lines, mimetype="text/plain", headers={"Content-Disposition": "attachment; filename=photos.txt"})


def _ids() -> Sequence[int]:
    ids = read_ids(request.form.getlist("id"))
    if not ids:
        raise UsageError("No photos were chosen.", "Mark some first.")
    return list(dict.fromkeys(ids))


def _photos(known: Photos, ids: Sequence[int]) -> Iterator[Photo]:
    for start in range(0, len(ids), BATCH):
        yield from known.get(ids[start : start + BATCH])


def _place(photo: Photo) -> bytes:
    """Where a photo lies: somewhere within reach, where there is such a place."""
    order = (FileState.PRESENT, FileState.OFFLINE, FileState.MISSING)
    return min(photo.files, key=lambda file: order.index(file.state)).path


def _zipped(photos: Iterator[Photo]) -> Iterator[bytes]:
    sink, names, missing = _Sink(), _Names(), []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as made:
        for photo in photos:
            try:
                path, data = original_of(photo)
            except HTTPException as gone:
                known = printable(_place(photo)) if photo.files else f"photo {photo.id}"
                missing.append(f"{known}: {gone.description}\n")
                continue
            made.writestr(zipfile.ZipInfo(names.of(path), _moment(photo)), data)
            yield sink.taken()
        if missing:
            made.writestr(MISSING, "".join(["These photos could not be put into the archive.\n\n", *missing]))
    yield sink.taken()


def _moment(photo: Photo) -> tuple[int, int, int, int, int, int]:
    """When it was taken, as an archive's date; the years that archives know begin with 1980 and end with 2107."""
    taken = photo.facts.taken_at
    if taken is None or not 1980 <= taken.year <= 2107:
        taken = datetime(1980, 1, 1)  # noqa: DTZ001  # cameras' times have no zone
    return taken.year, taken.month, taken.day, taken.hour, taken.minute, taken.second


class _Names:
    """Names in an archive, no two of which any system takes for the same."""

    def __init__(self) -> None:
        self._used = {MISSING.casefold()}

    def of(self, path: bytes) -> str:
        name = FORBIDDEN.sub("_", printable(os.path.basename(path)))  # noqa: PTH119  # paths are bytes
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        number = 1
        while name.casefold() in self._used:
            number += 1
            name = f"{stem} ({number}){suffix}"
        self._used.add(name.casefold())
        return name


class _Sink(io.RawIOBase):
    """A file that gives away what was written to it, and goes only forward."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
