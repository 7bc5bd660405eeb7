"""The folders that are watched. Whether one is there just now is found out elsewhere, and only kept here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

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

    def add(self, path: bytes, exclude: Sequence[str] | None = None) -> Root:
        """Watch a folder. One that is watched already stays, with the new `exclude` unless that is None."""
        writer = self._connections.writer
        known = self._at(path)
        if known is None:
            values = {"path": path, "exclude": list(exclude or ()), "online": True, "device": None}
            writer.execute(insert(RootRow).values(values))
        elif exclude is not None:
            writer.execute(update(RootRow).where(RootRow.id == known.id).values(exclude=list(exclude)))
        added = self._at(path)
        if added is None:
            raise RuntimeError("a root that was just written isn't there")
        return added

    def seen(self, root_id: int, device: str) -> None:
        """The root is there, on this device (`st_dev`): its files are present unless they are marked missing."""
        values = {"online": True, "device": device}
        self._connections.writer.execute(update(RootRow).where(RootRow.id == root_id).values(values))

    def away(self, root_id: int) -> None:
        """The root isn't there: its files are offline until it is seen again."""
        self._connections.writer.execute(update(RootRow).where(RootRow.id == root_id).values(online=False))

    def remove(self, path: bytes) -> int:
        """Stop watching a folder and forget its files; photos left without a place are hidden until `prune`.

        Returns how many files are forgotten. Raises NotFoundError.
        """
        root = self._at(path)
        if root is None:
            raise NotFoundError(f"{printable(path)} is not watched.", "See `searchengine status` for those that are.")
        writer = self._connections.writer
        photos = writer.scalars(select(FileRow.photo_id).where(FileRow.root_id == root.id).distinct()).all()
        files = writer.execute(delete(FileRow).where(FileRow.root_id == root.id)).rowcount
        writer.execute(delete(FailureRow).where(FailureRow.root_id == root.id))
        writer.execute(delete(RootRow).where(RootRow.id == root.id))
        refresh_hidden(writer, photos)
        return files

    def _at(self, path: bytes) -> Root | None:
        return next((root for root in self.all() if root.path == path), None)


def below(folder: bytes) -> tuple[bytes, bytes]:
    """The first path that could lie in a folder and the first after all of them: a range that an index can find."""
    separator = os.fsencode(os.sep)
    start = folder.rstrip(separator) + separator
    return start, start[:-1] + bytes([separator[0] + 1])
