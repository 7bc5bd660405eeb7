"""The folders that are watched. Whether one is there just now is found out elsewhere, and only kept here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select, update

from searchengine.errors import NotFoundError, printable
from searchengine.records import Root
from searchengine.store.connections import Connections
from searchengine.store.schema import FailureRow, FileRow, RootRow
from searchengine.store.visibility import refresh_hidden


class Roots:
    """The table of roots."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[Root]:
        """Every root, by path."""
        with self._connections.reading() as connection:
            rows = connection.execute(select(RootRow.__table__).order_by(RootRow.path))
            return [Root(row.id, row.path, tuple(row.exclude), row.online, row.device) for row in rows]

    def add(self, path: bytes, exclude: Sequence[str] | None = None) -> None:
        """Watch a folder. One that is watched already stays, with the new `exclude` unless that is None.

        Roots may lie in one another; a file belongs to the deepest that it lies in.
        """
        writer = self._connections.writer
        known = next((root for root in self.all() if root.path == path), None)
        if known is None:
            values = {"path": path, "exclude": list(exclude or ()), "online": True, "device": None}
            added = writer.execute(insert(RootRow).values(values).returning(RootRow.id)).scalar_one()
            outer = [root.id for root in self.all() if root.path != path and lies_in(path, root.path)]
            for table in (FileRow, FailureRow):
                inside = (table.root_id.in_(outer), *between(table.path, path))
                writer.execute(update(table).where(*inside).values(root_id=added))
        elif exclude is not None:
            writer.execute(update(RootRow).where(RootRow.id == known.id).values(exclude=list(exclude)))

    def seen(self, root_id: int, device: str) -> None:
        """The root is there, on this device (`st_dev`): its files are present unless they are marked missing."""
        values = {"online": True, "device": device}
        self._connections.writer.execute(update(RootRow).where(RootRow.id == root_id).values(values))

    def away(self, root_id: int) -> None:
        """The root isn't there: its files are offline until it is seen again."""
        self._connections.writer.execute(update(RootRow).where(RootRow.id == root_id).values(online=False))

    def remove(self, path: bytes) -> int:
        """Stop watching a folder and forget its files; photos left without a place are hidden until `prune`.

        What lies in another root too stays with that one. Returns how many files are forgotten. Raises NotFoundError.
        """
        roots = self.all()
        root = next((root for root in roots if root.path == path), None)
        if root is None:
            raise NotFoundError(f"{printable(path)} is not watched.", "See `searchengine status` for those that are.")
        writer = self._connections.writer
        outer = [each for each in roots if each.id != root.id and lies_in(path, each.path)]
        if outer:
            heir = max(outer, key=lambda each: len(each.path)).id
            for table in (FileRow, FailureRow):
                writer.execute(update(table).where(table.root_id == root.id).values(root_id=heir))
        photos = writer.scalars(select(FileRow.photo_id).where(FileRow.root_id == root.id).distinct()).all()
        files = writer.execute(delete(FileRow).where(FileRow.root_id == root.id)).rowcount
        writer.execute(delete(FailureRow).where(FailureRow.root_id == root.id))
        writer.execute(delete(RootRow).where(RootRow.id == root.id))
        refresh_hidden(writer, photos)
        return files


def lies_in(path: bytes, folder: bytes) -> bool:
    """Whether a path lies in a folder, or below it, by its name."""
    return path.startswith(inside(folder))


def between(column: ColumnElement[bytes], folder: bytes) -> Sequence[ColumnElement[bool]]:
    """The condition that a path lies in a folder, or below it: a range, which an index finds."""
    first = inside(folder)
    return (column >= first, column < first[:-1] + bytes([first[-1] + 1]))


def inside(folder: bytes) -> bytes:
    """What the paths of everything in a folder start with."""
    separator = os.fsencode(os.sep)
    return folder.rstrip(separator) + separator
