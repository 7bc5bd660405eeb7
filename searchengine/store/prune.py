"""Forgetting what is gone: missing files, photos without a place, and words that were only asked for.

Nothing else in the program forgets a photo.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from searchengine.store.database import Database
from searchengine.store.schema import CaptionRow, FileRow, PhotoRow, SentenceRow
from searchengine.store.sqlite import chunks

CAPTIONS = (select(CaptionRow.text), select(PhotoRow.caption).where(PhotoRow.caption.is_not(None)))
"""Sentences that the library itself holds; how a model sees all others is kept from searches, to repeat them sooner."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is forgotten."""

    paths: tuple[bytes, ...]  # of files
    fingerprints: tuple[bytes, ...]  # of photos; their thumbnails can go


def prune(database: Database) -> Pruned:
    """Forget missing files, photos that have no place left, and what was searched for. What is only away stays.

    Many short transactions: whatever interrupts it, the rest goes the next time. Call it under the indexer's lock, as
    a run may be about to give such a photo a new place.
    """
    with database.writing() as connection:
        paths = connection.scalars(select(FileRow.path).where(FileRow.missing)).all()
        connection.execute(delete(FileRow).where(FileRow.missing))
        connection.execute(delete(SentenceRow).where(*(SentenceRow.text.not_in(text) for text in CAPTIONS)))
    hidden = database.photos.hidden().tolist()
    models = database.models.all()
    fingerprints: list[bytes] = []
    for part in chunks(hidden):
        with database.writing() as connection:
            for model_id in models:
                database.embeddings.remove(model_id, part)
            gone = delete(PhotoRow).where(PhotoRow.id.in_(part)).returning(PhotoRow.fingerprint)
            fingerprints += connection.scalars(gone).all()
    return Pruned(tuple(paths), tuple(fingerprints))
