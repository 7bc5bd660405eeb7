"""The files that couldn't be read as photos, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select

from searchengine.records import Failure, Stamp
from searchengine.store.connections import Connections
from searchengine.store.schema import FailureRow, FileRow
from searchengine.store.sqlite import chunks, upsert
from searchengine.store.visibility import refresh_hidden


class Failures:
    """The table of failures."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[Failure]:
        """Every failure, by path."""
        with self._connections.reading() as connection:
            rows = connection.execute(select(FailureRow.__table__).order_by(FailureRow.path))
            return [_failure(row) for row in rows]

    def of_root(self, root_id: int) -> list[Failure]:
        """The failures of one root, by path."""
        query = select(FailureRow.__table__).where(FailureRow.root_id == root_id).order_by(FailureRow.path)
        with self._connections.reading() as connection:
            return [_failure(row) for row in connection.execute(query)]

    def count(self) -> int:
        """How many there are."""
        with self._connections.reading() as connection:
            return connection.scalar(select(func.count()).select_from(FailureRow)) or 0

    def record(self, failures: Sequence[tuple[int, Failure]]) -> None:
        """Write down failures, each with the id of its root. What was known of these paths as photos is dropped."""
        writer = self._connections.writer
        for part in chunks([failure.path for _, failure in failures]):
            photos = writer.scalars(select(FileRow.photo_id).where(FileRow.path.in_(part))).all()
            writer.execute(delete(FileRow).where(FileRow.path.in_(part)))
            refresh_hidden(writer, photos)
        rows = [
            {
                "path": failure.path,
                "root_id": root_id,
                "reason": failure.reason.encode("utf-8", "backslashreplace").decode(),  # it may quote a file's name
                "size": failure.stamp.size,
                "mtime_ns": failure.stamp.mtime_ns,
                "sidecar_ns": failure.stamp.sidecar_ns,
                "decoder": failure.decoder,
            }
            for root_id, failure in failures
        ]
        upsert(writer, FailureRow, rows, "path")

    def forget(self, paths: Sequence[bytes]) -> None:
        """These files can be read now, or are gone."""
        writer = self._connections.writer
        for part in chunks(paths):
            writer.execute(delete(FailureRow).where(FailureRow.path.in_(part)))


def _failure(row: Any) -> Failure:
    return Failure(row.path, row.reason, Stamp(row.size, row.mtime_ns, row.sidecar_ns), row.decoder)
