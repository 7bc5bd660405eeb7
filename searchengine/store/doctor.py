"""The database's own invariants, each as a check that names what breaks it, and mended where that can be done.

Thumbnails and the FAISS file are no concern of this: they are caches, and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, not_, or_, select

from searchengine.errors import printable
from searchengine.store.database import Database
from searchengine.store.roots import between
from searchengine.store.schema import FailureRow, FileRow, PhotoRow
from searchengine.store.visibility import refresh_hidden, without_a_place


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that doesn't hold."""

    check: str
    what: str
    mended: bool = False


def check(database: Database, *, repair: bool = False) -> list[Finding]:
    """Check every invariant; an empty list is a healthy library. With `repair`, mend what can be mended.

    Reads every page and every vector: seconds for a large library. Raises LibraryDamagedError when the database is too
    torn to be read, and with `repair` LibraryReadOnlyError.
    """
    findings: list[Finding] = []
    for name, find in CHECKS.items():
        findings += (Finding(name, what, mended) for what, mended in find(database, repair))
    return findings


Found = Iterator[tuple[str, bool]]
"""What is wrong, in a sentence, and whether it was mended."""


def _pages(database: Database, _repair: bool) -> Found:
    """SQLite's own check of its pages and indexes."""
    with database.reading() as connection:
        lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    yield from ((f"SQLite says: {line}.", False) for line in lines if line != "ok")


def _references(database: Database, _repair: bool) -> Found:
    """No row points to one that isn't there."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    yield from ((f"Row {row[1]} of {row[0]} points to a row of {row[2]} that isn't there.", False) for row in rows)


def _fingerprints(database: Database, _repair: bool) -> Found:
    """Every photo has a fingerprint of 16 bytes."""
    with database.reading() as connection:
        ids = connection.scalars(select(PhotoRow.id).where(func.length(PhotoRow.fingerprint) != 16)).all()
    yield from ((f"Photo {photo_id} has no proper fingerprint.", False) for photo_id in ids)


def _visibility(database: Database, repair: bool) -> Found:
    """A photo is hidden when, and only when, none of its files is there or away."""
    with database.reading() as connection:
        ids = connection.scalars(select(PhotoRow.id).where(PhotoRow.hidden != without_a_place())).all()
    if ids and repair:
        with database.writing() as connection:
            refresh_hidden(connection, ids)
    yield from ((f"Photo {photo_id} is shown or hidden against what its files say.", repair) for photo_id in ids)


def _paths(database: Database, repair: bool) -> Found:
    """A path is a photo's place or a failure, never both."""
    with database.reading() as connection:
        both = connection.scalars(select(FileRow.path).join(FailureRow, FailureRow.path == FileRow.path)).all()
    if both and repair:
        with database.writing():
            database.failures.forget(both)
    yield from ((f"{printable(path)} is both a photo and unreadable.", repair) for path in both)


def _places(database: Database, repair: bool) -> Found:
    """Every file lies in its root."""
    astray: list[bytes] = []
    with database.reading() as connection:
        for root in database.roots.all():
            outside = or_(*(not_(bound) for bound in between(FileRow.path, root.path)))
            astray += connection.scalars(select(FileRow.path).where(FileRow.root_id == root.id, outside)).all()
    if astray and repair:
        with database.writing():
            database.files.forget(astray)  # the next run finds it again, by its content
    yield from ((f"{printable(path)} doesn't lie in the root that it is filed under.", repair) for path in astray)


def _vectors(database: Database, repair: bool) -> Found:
    """Every vector has its model's dimension and unit length."""
    for model_id, identity in database.models.all().items():
        bad = database.embeddings.unusable(model_id)
        if bad and repair:
            with database.writing():
                database.embeddings.remove(model_id, bad)  # the next run embeds them anew
        yield from ((f"The vector of photo {each} by {identity.name} is no unit vector.", repair) for each in bad)


def _probes(database: Database, repair: bool) -> Found:
    """What a model has learnt of a label has the model's dimension and is finite."""
    for model_id, identity in database.models.all().items():
        probes = database.probes.of(model_id)
        bad = [
            label_id
            for label_id, probe in probes.items()
            if len(probe.weights) != identity.dim or not np.isfinite([*probe.weights, probe.bias]).all()
        ]
        if bad and repair:
            with database.writing():
                for label_id in bad:
                    database.probes.forget(label_id, model_id)  # the next run learns it anew from its examples
        yield from ((f"What {identity.name} has learnt of label {each} is torn.", repair) for each in bad)


CHECKS: dict[str, Callable[[Database, bool], Found]] = {
    "pages": _pages,
    "references": _references,
    "fingerprints": _fingerprints,
    "visibility": _visibility,
    "paths": _paths,
    "places": _places,
    "vectors": _vectors,
    "probes": _probes,
}
"""Every check by its name."""
