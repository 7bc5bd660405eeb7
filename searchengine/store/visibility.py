"""Whether a photo has a place left: worked out from the files whenever they change."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, exists, select, update

from searchengine.store.schema import FileRow, PhotoRow
from searchengine.store.sqlite import chunks


def without_a_place() -> ColumnElement[bool]:
    """Whether a photo has no file that is present or offline."""
    return ~exists(select(FileRow.id).where(FileRow.photo_id == PhotoRow.id, ~FileRow.missing))


def refresh_hidden(connection: Connection, photo_ids: Collection[int]) -> None:
    """Bring `photos.hidden` up to date for these photos, after their files changed."""
    for part in chunks(sorted(set(photo_ids))):
        connection.execute(update(PhotoRow).where(PhotoRow.id.in_(part)).values(hidden=without_a_place()))
