"""The places where photos lie: what the indexer compares the disk with, and what it writes down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, delete, func, select, update

from searchengine.records import FileState, Stamp
from searchengine.store.connections import Connections
from searchengine.store.follow import follow, moves
from searchengine.store.schema import FileRow, RootRow
from searchengine.store.sqlite import chunks, upsert
from searchengine.store.visibility import refresh_hidden


class KnownFile(NamedTuple):
    """A file as the library knows it. A tuple: a run holds one for every file of its folders."""

    id: int
    photo_id: int
    size: int
    mtime_ns: int
    sidecar_ns: int
    missing: bool
    beside: bytes | None


@dataclass(frozen=True, slots=True)
class Place:
    """A file with the photo that it holds, to be written down."""

    path: bytes
    root_id: int
    photo_id: int
    stamp: Stamp
    beside: bytes | None = None


class Files:
    """The table of files."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def known(self, root_id: int) -> Iterator[tuple[bytes, KnownFile]]:
        """Every file of a root with its path, missing ones too."""
        columns = (getattr(FileRow, name) for name in KnownFile._fields)
        query = select(FileRow.path, *columns).where(FileRow.root_id == root_id)
        with self._connections.reading() as connection:
            for row in connection.execute(query):
                path, *known = row
                yield path, KnownFile._make(known)

    def place(self, places: Sequence[Place]) -> None:
        """Write down where photos lie: present, in place of what was known of these paths.

        Where a file was written anew, what was said of the old content follows the path.
        """
        writer = self._connections.writer
        before: dict[bytes, int] = {}
        for part in chunks([place.path for place in places]):
            before.update(writer.execute(select(FileRow.path, FileRow.photo_id).where(FileRow.path.in_(part))).all())
        followed = moves(writer, before, places)
        rows = [
            {
                "path": place.path,
                "root_id": place.root_id,
                "photo_id": place.photo_id,
                "size": place.stamp.size,
                "mtime_ns": place.stamp.mtime_ns,
                "sidecar_ns": place.stamp.sidecar_ns,
                "missing": False,
                "beside": place.beside,
            }
            for place in places
        ]
        upsert(writer, FileRow, rows, "path")
        refresh_hidden(writer, {*before.values(), *(place.photo_id for place in places)})
        follow(writer, followed)

    def mark_missing(self, file_ids: Sequence[int], *, missing: bool = True) -> None:
        """These files are gone from a root that is there; with `missing` false, they are there again."""
        writer = self._connections.writer
        for part in chunks(file_ids):
            photos = writer.scalars(select(FileRow.photo_id).where(FileRow.id.in_(part))).all()
            writer.execute(update(FileRow).where(FileRow.id.in_(part)).values(missing=missing))
            refresh_hidden(writer, photos)

    def forget(self, paths: Sequence[bytes]) -> None:
        """Drop these places; photos left without one are hidden."""
        writer = self._connections.writer
        for part in chunks(paths):
            photos = writer.scalars(select(FileRow.photo_id).where(FileRow.path.in_(part))).all()
            writer.execute(delete(FileRow).where(FileRow.path.in_(part)))
            refresh_hidden(writer, photos)

    def photos_at(self, paths: Sequence[bytes]) -> dict[bytes, int]:
        """The photos that lie at these paths, by path; those that aren't known or are missing are left out."""
        found: dict[bytes, int] = {}
        with self._connections.reading() as connection:
            for part in chunks(paths):
                query = select(FileRow.path, FileRow.photo_id).where(FileRow.path.in_(part), ~FileRow.missing)
                found.update(connection.execute(query).all())
        return found

    def missing_of(self, photo_ids: Sequence[int]) -> dict[int, list[bytes]]:
        """The missing places of these photos, by photo."""
        found: dict[int, list[bytes]] = {}
        with self._connections.reading() as connection:
            for part in chunks(photo_ids):
                query = select(FileRow.photo_id, FileRow.path).where(FileRow.photo_id.in_(part), FileRow.missing)
                for photo_id, path in connection.execute(query.order_by(FileRow.path)):
                    found.setdefault(photo_id, []).append(path)
        return found

    def within_reach(self, photo_ids: Sequence[int]) -> Iterator[tuple[bytes, int, KnownFile]]:
        """One place of each photo where its own content can be read now: path, root's id, and what is known."""
        for part in chunks(photo_ids):
            query = (
                select(FileRow.__table__, func.min(FileRow.path))
                .join(RootRow, RootRow.id == FileRow.root_id)
                .where(FileRow.photo_id.in_(part), ~FileRow.missing, RootRow.online, FileRow.beside.is_(None))
                .group_by(FileRow.photo_id)
            )
            with self._connections.reading() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield row.path, row.root_id, KnownFile._make(getattr(row, name) for name in KnownFile._fields)

    def count(self, root_id: int) -> int:
        """How many files of a root there are, without the missing ones."""
        query = select(func.count()).where(FileRow.root_id == root_id, ~FileRow.missing)
        with self._connections.reading() as connection:
            return connection.scalar(query) or 0

    def counts(self) -> dict[FileState, int]:
        """How many files there are in each state."""
        query: Select[bool, bool, int] = (
            select(FileRow.missing, RootRow.online, func.count())
            .join(RootRow, RootRow.id == FileRow.root_id)
            .group_by(FileRow.missing, RootRow.online)
        )
        counts = dict.fromkeys(FileState, 0)
        with self._connections.reading() as connection:
            for missing, online, count in connection.execute(query):
                counts[state(missing=missing, online=online)] += count
        return counts


def state(*, missing: bool, online: bool) -> FileState:
    """How things stand with a file, from its own mark and its root's."""
    if missing:
        return FileState.MISSING
    return FileState.PRESENT if online else FileState.OFFLINE
