"""A photo as a grid shows it: the same record in the API's answers and in the pages that are made on the server."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import request

from searchengine.errors import printable
from searchengine.records import FileState

if TYPE_CHECKING:
    from searchengine.records import Hit, Photo


@dataclass(frozen=True, slots=True)
class Tile:
    """A photo in a grid."""

    id: int
    name: str  # of its file
    width: int  # pixels of the photo itself, upright
    height: int
    taken_at: str | None  # local time where it was taken, without a zone: 2019-07-14T18:30:00
    thumbnail: str  # the address of a JPEG whose longer side has 256 pixels
    large: str  # the same with 1600
    placeholder: str | None  # a few bytes to draw until then, hexadecimal
    away: bool  # no place of it can be reached now
    relevance: float | None = None  # how sure it is that it fits, 0 to 1; None when conditions alone were asked
    band: str | None = None  # the same in a word: strong, good, weak, none
    alike: tuple[int, ...] = ()  # the near-copies for which it stands, best first


def tile_of(photo: Photo) -> Tile:
    """A photo by itself."""
    shown = [file for file in photo.files if file.state is not FileState.MISSING] or list(photo.files)
    taken = photo.facts.taken_at
    return Tile(
        id=photo.id,
        name=printable(os.path.basename(shown[0].path)) if shown else "",  # noqa: PTH119  # paths are bytes
        width=photo.facts.width,
        height=photo.facts.height,
        taken_at=taken.isoformat() if taken else None,
        thumbnail=picture_address(photo, "thumbnail"),
        large=picture_address(photo, "large"),
        placeholder=None,
        away=all(file.state is not FileState.PRESENT for file in photo.files),
    )


def tile_of_hit(hit: Hit) -> Tile:
    """A photo that was found, with how well it fits."""
    relevance = None if hit.relevance is None else round(hit.relevance, 4)
    return replace(tile_of(hit.photo), relevance=relevance, band=hit.band, alike=hit.alike)


def picture_address(photo: Photo, kind: str) -> str:
    """Where a picture of a photo is: "thumbnail", "large" or "original". It changes with the photo's content."""
    # Not `url_for`, which would take longer for 500 photos than the search for them.
    return f"{request.root_path}/photos/{photo.id}/{kind}?v={photo.fingerprint.hex()[:8]}"
