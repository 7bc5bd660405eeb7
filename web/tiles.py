"""A photo as a grid shows it: the same record in the API's answers and in the pages that are made on the server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flask import request
from pydantic import BaseModel, ConfigDict, Field

from searchengine.errors import printable
from searchengine.records import FileState

if TYPE_CHECKING:
    from searchengine.records import Hit, Photo


class Record(BaseModel):
    """A frozen record that pydantic describes in the API's document. Made by us, so it isn't checked for more."""

    model_config = ConfigDict(frozen=True)


class Tile(Record):
    """A photo in a grid."""

    id: int
    name: str = Field(description="The name of its file.")
    width: int = Field(description="Of the photo itself, upright, in pixels.")
    height: int
    taken_at: str | None = Field(description="Local time where it was taken, without a zone: 2019-07-14T18:30:00.")
    thumbnail: str = Field(description="The address of a JPEG whose longer side has 256 pixels.")
    large: str = Field(description="The address of a JPEG whose longer side has at most 1600 pixels.")
    placeholder: str | None = Field(description="A few bytes to draw until a picture is there, hexadecimal.")
    away: bool = Field(description="Whether no file of it can be reached now.")
    relevance: float | None = Field(
        default=None, description="How sure it is that it fits, 0 to 1; null where conditions alone were asked."
    )
    band: str | None = Field(default=None, description="The same in a word: strong, good, weak or none.")
    alike: tuple[int, ...] = Field(default=(), description="The near-copies for which it stands, best first.")


def tile_of(photo: Photo, hit: Hit | None = None) -> Tile:
    """A photo by itself, or as it was found."""
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
        placeholder=photo.placeholder.hex() if photo.placeholder else None,
        away=all(file.state is not FileState.PRESENT for file in photo.files),
        relevance=None if hit is None or hit.relevance is None else round(hit.relevance, 4),
        band=hit.band if hit else None,
        alike=hit.alike if hit else (),
    )


def tile_of_hit(hit: Hit) -> Tile:
    """A photo that was found, with how well it fits."""
    return tile_of(hit.photo, hit)


def picture_address(photo: Photo, kind: str) -> str:
    """Where a picture of a photo is: "thumbnail", "large" or "original". It changes with the photo's content."""
    # Not `url_for`, which would take longer for 500 photos than the search for them.
    return f"{request.root_path}/photos/{photo.id}/{kind}?v={photo.fingerprint.hex()[:8]}"
