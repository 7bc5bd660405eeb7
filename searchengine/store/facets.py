"""What there is in the library to narrow a search by, counted: months, cameras, formats, folders, places.

Photos whose files are all missing are left out throughout.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, LargeBinary, String, Text, cast, func, select

from searchengine.store.connections import Connections
from searchengine.store.schema import FileRow, PhotoRow

CELL = 0.1
"""Degrees of a side of the squares in which photos of one place are counted."""

Counted = list[tuple[str, int]]
"""Names, each with how many photos have it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A small square of the Earth with photos in it."""

    latitude: float  # degrees, the middle of its photos
    longitude: float
    photos: int
    newest: int  # the id of the photo that came last


class Facets:
    """Counts over the tables of photos and files."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def months(self) -> Counted:
        """How many photos were taken in each month, as 2019-07, the earliest first; those without a date under ""."""
        month = func.coalesce(func.substr(cast(PhotoRow.taken_at, String), 1, 7), "")
        query = select(month, func.count()).where(~PhotoRow.hidden).group_by(month).order_by(month)
        with self._connections.reading() as connection:
            return [(name, count) for name, count in connection.execute(query)]

    def cameras(self) -> Counted:
        """How many photos each camera took, the most first."""
        return self._most(PhotoRow.camera)

    def formats(self) -> Counted:
        """How many photos there are of each format, the most first."""
        return self._most(PhotoRow.format)

    def folders(self) -> list[tuple[bytes, int]]:
        """How many photos lie in each folder itself, by path."""
        path = cast(FileRow.path, Text)
        # SQLite has no name for the folder of a path: everything but separators is cut off from its end.
        folder = cast(func.rtrim(path, func.replace(path, os.sep, "")), LargeBinary)
        query = (
            select(folder, func.count(FileRow.photo_id.distinct()))
            .where(~FileRow.missing)
            .group_by(folder)
            .order_by(folder)
        )
        with self._connections.reading() as connection:
            return [(name.rstrip(os.fsencode(os.sep)), count) for name, count in connection.execute(query)]

    def cells(self) -> list[Cell]:
        """Where photos were taken, in small squares, those with the most photos first."""
        row, column = (cast(func.round(degrees / CELL), Integer) for degrees in (PhotoRow.latitude, PhotoRow.longitude))
        photos = func.count()
        query = (
            select(func.avg(PhotoRow.latitude), func.avg(PhotoRow.longitude), photos, func.max(PhotoRow.id))
            .where(~PhotoRow.hidden, PhotoRow.latitude.is_not(None), PhotoRow.longitude.is_not(None))
            .group_by(row, column)
            .order_by(photos.desc(), row, column)
        )
        with self._connections.reading() as connection:
            return [Cell(*each) for each in connection.execute(query)]

    def _most(self, column: ColumnElement[str]) -> Counted:
        photos = func.count()
        query = (
            select(column, photos)
            .where(~PhotoRow.hidden, column.is_not(None))
            .group_by(column)
            .order_by(photos.desc(), column)
        )
        with self._connections.reading() as connection:
            return [(name, count) for name, count in connection.execute(query) if name is not None]
