"""The colours that stand for photos until their thumbnails are there (`photos/placeholder.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, select, update

from searchengine.store.connections import Connections
from searchengine.store.schema import PhotoRow


class Placeholders:
    """The placeholders in the table of photos; they are read with the photos themselves."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def lacking(self) -> list[tuple[int, bytes]]:
        """The photos without one, with their fingerprints. One look-up in an index where there is none."""
        query = select(PhotoRow.id, PhotoRow.fingerprint).where(PhotoRow.placeholder.is_(None)).order_by(PhotoRow.id)
        with self._connections.reading() as connection:
            return [(row.id, row.fingerprint) for row in connection.execute(query)]

    def write(self, placeholders: Mapping[int, bytes]) -> None:
        """Write down the placeholders of these photos, 36 bytes each."""
        if placeholders:
            statement = update(PhotoRow).where(PhotoRow.id == bindparam("photo"))
            rows = [{"photo": photo_id, "colours": colours} for photo_id, colours in placeholders.items()]
            self._connections.writer.execute(statement.values(placeholder=bindparam("colours")), rows)
