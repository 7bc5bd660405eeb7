"""The albums: their names, the queries that fill them, and the photos that a person put in or took out by hand.

What an album's query finds is not known here; `searching.albums` puts the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Select, delete, insert, select, update

from searchengine.errors import NotFoundError, UsageError
from searchengine.records import Band
from searchengine.store.connections import Connections
from searchengine.store.schema import AlbumPhotoRow, AlbumRow, PhotoRow, SearchRow
from searchengine.store.sqlite import chunks, insert_new

if TYPE_CHECKING:
    from searchengine.records import Ids


@dataclass(frozen=True, slots=True)
class Album:
    """A query that fills itself, with what was put into it and taken out of it by hand."""

    id: int
    name: str  # unlike every other one's in any case
    line: str | None  # the query, as the query language writes it; None: filled by hand alone
    least: Band  # of what the query puts in


class Albums:
    """The tables of albums and of their photos."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[Album]:
        """Every album, by name."""
        query = select(AlbumRow.id, AlbumRow.name, SearchRow.line, AlbumRow.least)
        with self._connections.reading() as connection:
            rows = connection.execute(query.join(SearchRow, SearchRow.id == AlbumRow.search_id, isouter=True)).all()
        albums = [Album(row.id, row.name, row.line, Band(row.least)) for row in rows]
        return sorted(albums, key=lambda album: album.name.casefold())

    def named(self, name: str) -> Album:
        """The album that is called so, in any case. Raises NotFoundError."""
        for album in self.all():
            if album.name.casefold() == name.casefold():
                return album
        raise NotFoundError(f"There is no album '{name}'.", "See `searchengine albums` for those that there are.")

    def by_hand(self, album_id: int, *, pinned: bool) -> Ids:
        """The photos that were put into an album, or that were taken out of it: int64 (n,), ascending.

        Hidden ones are left out.
        """
        query: Select[int] = (
            select(AlbumPhotoRow.photo_id)
            .join(PhotoRow, PhotoRow.id == AlbumPhotoRow.photo_id)
            .where(AlbumPhotoRow.album_id == album_id, AlbumPhotoRow.pinned == pinned, ~PhotoRow.hidden)
            .order_by(AlbumPhotoRow.photo_id)
        )
        with self._connections.reading() as connection:
            return np.fromiter(connection.scalars(query), np.int64)

    def add(self, name: str, search_id: int | None, least: Band) -> None:
        """Make an album. Raises UsageError where there is one of this name, in any case."""
        self._refuse_taken(name)
        values = {"name": name, "search_id": search_id, "least": str(least)}
        self._connections.writer.execute(insert(AlbumRow).values(values))

    def rename(self, album_id: int, name: str) -> None:
        """Call an album otherwise. Raises UsageError where another one is called so, in any case."""
        self._refuse_taken(name, but=album_id)
        self._connections.writer.execute(update(AlbumRow).where(AlbumRow.id == album_id).values(name=name))

    def change(self, album_id: int, search_id: int | None, least: Band) -> None:
        """Fill an album with another query; what was done by hand stays."""
        values = {"search_id": search_id, "least": str(least)}
        self._connections.writer.execute(update(AlbumRow).where(AlbumRow.id == album_id).values(values))

    def remove(self, album_id: int) -> None:
        """Forget an album. No photo is touched."""
        self._connections.writer.execute(delete(AlbumRow).where(AlbumRow.id == album_id))

    def put(self, album_id: int, photo_ids: Sequence[int], *, pinned: bool) -> None:
        """These photos are in an album from now on whatever its query says, or with `pinned` false, are not."""
        self.let_go(album_id, photo_ids)
        rows = [{"album_id": album_id, "photo_id": photo_id, "pinned": pinned} for photo_id in photo_ids]
        insert_new(self._connections.writer, AlbumPhotoRow, rows)

    def let_go(self, album_id: int, photo_ids: Sequence[int]) -> int:
        """An album's query decides on these photos again. Returns on how many it did not."""
        freed = 0
        for part in chunks(photo_ids):
            where = (AlbumPhotoRow.album_id == album_id, AlbumPhotoRow.photo_id.in_(part))
            freed += self._connections.writer.execute(delete(AlbumPhotoRow).where(*where)).rowcount
        return freed

    def _refuse_taken(self, name: str, but: int | None = None) -> None:
        for album in self.all():
            if album.name.casefold() == name.casefold() and album.id != but:
                raise UsageError(
                    f"There is an album '{album.name}' already.",
                    "Choose another name, or change that one with `searchengine albums change`.",
                )
