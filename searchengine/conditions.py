"""What a photo must satisfy besides fitting a query: plain records that the query language makes and the store answers.

They hold together with *and*; what a person joins with *or* becomes several queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """Taken in a span of local time; a photo without a date is in none."""

    after: datetime | None = None  # at or after
    before: datetime | None = None  # before


@dataclass(frozen=True, slots=True)
class InFolder:
    """A file of the photo lies in this folder or below."""

    path: bytes  # absolute


@dataclass(frozen=True, slots=True)
class InFolderNamed:
    """A file of the photo lies in a folder of this name, in any case, or below one; `Trips/2019` names two."""

    name: str


@dataclass(frozen=True, slots=True)
class HasFormat:
    """The photo is of this format: "jpeg", "heic", …; also as people call it: "jpg", "raw" for any camera's own."""

    name: str


@dataclass(frozen=True, slots=True)
class HasCamera:
    """The camera's name has this part, in any case."""

    part: str


@dataclass(frozen=True, slots=True)
class HasCaption:
    """A caption of the photo, from its file or written for it, has this part, in any case."""

    part: str


@dataclass(frozen=True, slots=True)
class HasLabel:
    """A label of this name fits the photo, in any case and from any source."""

    name: str


@dataclass(frozen=True, slots=True)
class InAlbum:
    """The photo is in the album of this name, in any case."""

    name: str


@dataclass(frozen=True, slots=True)
class Near:
    """Taken within so many kilometres of a place, along the ground."""

    latitude: float  # degrees, north positive
    longitude: float  # degrees, east positive
    kilometres: float


class Side(StrEnum):
    """A side of a photo, upright."""

    WIDTH = "width"
    HEIGHT = "height"


@dataclass(frozen=True, slots=True)
class Measures:
    """A side of the photo has so many pixels, ends included."""

    side: Side
    at_least: int | None = None
    at_most: int | None = None


RAW_FORMATS = frozenset({
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "iiq", "k25", "kdc", "mef", "mos", "mrw", "nef",
    "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f",
})  # fmt: skip  # a table reads best with a family on a line
"""Cameras' own formats."""


class Kind(StrEnum):
    """What a photo can be, said in one word."""

    DUPLICATE = "duplicate"  # it lies at several places, or another photo looks the same
    UNLABELLED = "unlabelled"
    OFFLINE = "offline"  # no place of it can be reached now
    RAW = "raw"  # a camera's own format, or a picture that has such a file beside it


@dataclass(frozen=True, slots=True)
class Is:
    """The photo is of a kind."""

    kind: Kind


Fact = Taken | InFolder | InFolderNamed | HasFormat | HasCamera | HasCaption | HasLabel | InAlbum | Near | Measures | Is


@dataclass(frozen=True, slots=True)
class Not:
    """A photo that isn't so; one of which it isn't known is not."""

    fact: Fact


Condition = Fact | Not
