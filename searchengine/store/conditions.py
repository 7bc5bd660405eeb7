"""Conditions as SQL: which photos satisfy them.

What an album holds follows from its query as much as from this database, so `InAlbum` is answered by `searching`.
"""

from __future__ import annotations

import math
import os
from typing import assert_never

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select

from searchengine.conditions import (
    RAW_FORMATS,
    Condition,
    HasCamera,
    HasCaption,
    HasFormat,
    HasLabel,
    InAlbum,
    InFolder,
    InFolderNamed,
    Is,
    Kind,
    Measures,
    Near,
    Not,
    Side,
    Taken,
)
from searchengine.store.connections import Connections
from searchengine.store.labels import Labels, photos_with
from searchengine.store.looks import duplicates
from searchengine.store.roots import between
from searchengine.store.schema import CaptionRow, FileRow, ModelRow, PhotoLabelRow, PhotoRow, RootRow
from searchengine.store.sqlite import has_part

DEGREE = 111.19
"""Kilometres along a meridian; the Earth taken as a sphere, which is wrong by half a percent at most."""

FORMAT_NAMES = {
    "jpg": {"jpeg"}, "tif": {"tiff"}, "heif": {"heic"}, "hif": {"heic"}, "j2k": {"jp2"}, "jpeg2000": {"jp2"},
    "raw": RAW_FORMATS,
}  # fmt: skip  # a table reads best with its entries together
"""What people call formats, where the library calls them otherwise."""


class Conditions:
    """Makes expressions of conditions; it asks the database where a name must be looked up first."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._labels = Labels(connections)

    def sql(self, condition: Condition) -> ColumnElement[bool]:
        """Whether a photo satisfies a condition, as an expression over `PhotoRow`.

        Raises NotFoundError for a label that there isn't, ValueError for `InAlbum`.
        """
        match condition:
            case Not(fact):
                return ~func.coalesce(self.sql(fact), False)  # an argument of SQL's
            case Taken(after, before):
                # Not by the index of dates: of a wide span it would look up every photo by itself.
                taken = func.coalesce(PhotoRow.taken_at, None)
                ends = [taken >= after] if after else []
                ends += [taken < before] if before else []
                return and_(PhotoRow.taken_at.is_not(None), *ends)
            case InFolder(path):
                # A root is known by its real path; the person may have come to it through a link, or by `..`.
                names = {path, os.path.realpath(path)}
                return _has_file(or_(*(and_(*between(FileRow.path, name)) for name in names)))
            case InFolderNamed(name):
                return _has_file(has_part(FileRow.path, f"{os.sep}{name.strip('/' + os.sep)}{os.sep}"))
            case HasFormat(name):
                return PhotoRow.format.in_(FORMAT_NAMES.get(name.lower(), {name.lower()}))
            case HasCamera(part):
                return PhotoRow.camera.in_(self._cameras(part))
            case HasCaption(part):
                written = select(CaptionRow.photo_id).where(
                    CaptionRow.photo_id.is_not(None), has_part(CaptionRow.text, part)
                )
                return or_(has_part(PhotoRow.caption, part), PhotoRow.id.in_(written))
            case HasLabel(name):
                return PhotoRow.id.in_(photos_with(self._labels.named(name)))
            case Near():
                return _near(condition)
            case Measures(side, at_least, at_most):
                column = PhotoRow.width if side is Side.WIDTH else PhotoRow.height
                return and_(column >= (at_least or 0), *([] if at_most is None else [column <= at_most]))
            case Is(kind):
                return _is(kind)
            case InAlbum(name):
                raise ValueError(f"what the album {name!r} holds isn't known to the database alone")
            case _:
                assert_never(condition)

    def _cameras(self, part: str) -> list[str]:
        """The cameras whose name has this part: there are few, and an index finds their photos."""
        names = select(PhotoRow.camera.label("name")).distinct().subquery()  # first: looking into 100,000 takes long
        query = select(names.c.name).where(has_part(names.c.name, part))
        with self._connections.reading() as connection:
            return [name for name in connection.scalars(query) if name is not None]


def _has_file(there: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a file of the photo is so, among those that aren't missing."""
    return PhotoRow.id.in_(select(FileRow.photo_id).where(~FileRow.missing, there))


def _near(near: Near) -> ColumnElement[bool]:
    """The haversine formula, for photos in the box that the circle lies in.

    hav(d / r) = hav(Δlatitude) + cos(latitude 1) cos(latitude 2) hav(Δlongitude), where hav(x) = sin²(x / 2)
    """
    latitude, longitude = math.radians(near.latitude), math.radians(near.longitude)
    angle = min(near.kilometres / DEGREE, 180.0)  # of the circle, seen from the Earth's centre; degrees
    box = [PhotoRow.latitude.between(near.latitude - angle, near.latitude + angle)]
    if abs(near.latitude) + angle < 90:  # else it holds a pole, and with it every longitude
        aside = math.degrees(math.asin(math.sin(math.radians(angle)) / math.cos(latitude)))
        west, east = near.longitude - aside, near.longitude + aside
        if west >= -180 and east <= 180:
            box.append(PhotoRow.longitude.between(west, east))
    up = func.sin((func.radians(PhotoRow.latitude) - latitude) / 2)
    along = func.sin((func.radians(PhotoRow.longitude) - longitude) / 2)
    haversine = up * up + math.cos(latitude) * func.cos(func.radians(PhotoRow.latitude)) * along * along
    return and_(*box, haversine <= math.sin(math.radians(angle) / 2) ** 2)


def _is(kind: Kind) -> ColumnElement[bool]:
    mine = FileRow.photo_id == PhotoRow.id
    match kind:
        case Kind.DUPLICATE:
            return PhotoRow.id.in_(duplicates())
        case Kind.UNLABELLED:
            labelled = select(PhotoLabelRow.photo_id).join(ModelRow, ModelRow.id == PhotoLabelRow.model_id)
            return PhotoRow.id.not_in(labelled.where(ModelRow.active))
        case Kind.OFFLINE:
            drives = select(RootRow.id).where(~RootRow.online)  # most often none, and then nothing else is read
            away = select(FileRow.photo_id).where(FileRow.root_id.in_(drives))
            there = select(FileRow.id).where(mine, ~FileRow.missing, FileRow.root_id.not_in(drives))
            return case((PhotoRow.id.in_(away), ~exists(there)), else_=false())  # SQLite's AND computes both
        case Kind.RAW:
            beside = select(FileRow.photo_id).where(FileRow.beside.is_not(None), ~FileRow.missing)
            return or_(PhotoRow.format.in_(RAW_FORMATS), PhotoRow.id.in_(beside))
        case _:
            assert_never(kind)
