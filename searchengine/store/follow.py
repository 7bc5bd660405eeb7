"""What was said of a photo, when a program writes its file anew: it follows the path to the new content.

By its content, a photo with another tag in its file is another photo. To the person it is the same one, and what they
marked, pinned or took out of an album goes with it. Captions that a model wrote go with it where the picture is still
the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, exists, select

from searchengine.store.schema import AlbumPhotoRow, Base, CaptionRow, FileRow, MarkRow, PhotoRow
from searchengine.store.sqlite import chunks, insert_new

if TYPE_CHECKING:
    from searchengine.store.files import Place

SAID_BY_HAND: tuple[type[Base], ...] = (MarkRow, AlbumPhotoRow)
"""The tables of what a person says of photos, each with a `photo_id`."""

Move = tuple[int, int]
"""A path that goes from the first photo to the second."""


def moves(connection: Connection, before: Mapping[bytes, int], places: Sequence[Place]) -> set[Move]:
    """The moves that files make which were written anew, and are about to be placed; `before`: photos by path.

    A photo that has a place already was copied or renamed over another one, and what was said of that isn't about it.
    A RAW that gets a picture beside it goes to the picture's photo all the same.
    """
    changed = [(before[place.path], place) for place in places if place.path in before]
    changed = [(old, place) for old, place in changed if old != place.photo_id]
    settled: set[int] = set()
    for part in chunks([place.photo_id for _, place in changed]):
        settled.update(connection.scalars(select(FileRow.photo_id).where(FileRow.photo_id.in_(part))))
    return {(old, place.photo_id) for old, place in changed if place.beside or place.photo_id not in settled}


def follow(connection: Connection, moves: Collection[Move]) -> None:
    """Let what was said follow these moves, once the files are placed.

    A photo that lies elsewhere too keeps its own; so does the new one, where something was said of it before.
    """
    for table in SAID_BY_HAND:
        _copy(connection, table, moves)
    _copy(connection, CaptionRow, _looking_the_same(connection, moves))
    placed = exists(select(FileRow.id).where(FileRow.photo_id == PhotoRow.id))
    for part in chunks(sorted({old for old, _ in moves})):
        left = select(PhotoRow.id).where(PhotoRow.id.in_(part), ~placed)
        for table in SAID_BY_HAND:
            connection.execute(delete(table).where(table.__table__.c.photo_id.in_(left)))


def _copy(connection: Connection, table: type[Base], moves: Collection[Move]) -> None:
    """Give the new photos the rows of the old ones; where there is such a row, that stays."""
    photo = table.__table__.c.photo_id
    wanted = [column for column in table.__table__.c if column.name != "id"]
    for part in chunks(sorted({old for old, _ in moves})):
        said = connection.execute(select(*wanted).where(photo.in_(part))).mappings().all()
        rows = [{**row, "photo_id": new} for row in said for old, new in moves if old == row["photo_id"]]
        insert_new(connection, table, rows)


def _looking_the_same(connection: Connection, moves: Collection[Move]) -> list[Move]:
    """The moves between photos whose pictures look the same: it was the file's facts that changed."""
    looks: dict[int, bytes | None] = {}
    for part in chunks(sorted({photo_id for move in moves for photo_id in move})):
        looks.update(connection.execute(select(PhotoRow.id, PhotoRow.look).where(PhotoRow.id.in_(part))).all())
    return [(old, new) for old, new in moves if looks[old] is not None and looks[old] == looks[new]]
