"""The photos: each content once, with its facts, found by id, content, path or filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Select, exists, func, select, update

from searchengine.records import Photo, PhotoFacts, PhotoFile, Stamp
from searchengine.store.conditions import Conditions
from searchengine.store.connections import Connections
from searchengine.store.files import state
from searchengine.store.labels import Labels
from searchengine.store.schema import EmbeddingRow, FileRow, PhotoRow, RootRow, Row
from searchengine.store.sqlite import chunks, insert_new, one_of, read_ids, these

if TYPE_CHECKING:
    from searchengine.conditions import Condition
    from searchengine.records import Ids

MOST_KEPT = 5000
"""Photos that are kept in mind: those of the last answers, whose thumbnails are asked for next. Some 3 kB each."""

_FACTS = tuple(field.name for field in fields(PhotoFacts))  # the columns bear the same names


@dataclass(frozen=True, slots=True)
class KnownContent:
    """What the indexer must know of a content that the library has."""

    photo_id: int
    embedded: bool  # by the model in question
    sidecars: set[int]  # the times of the XMP files beside its places; 0 for none


_PHOTOS = select(PhotoRow.__table__).where(one_of(PhotoRow.id))
_FILES = (
    select(FileRow.__table__, RootRow.online)
    .join(RootRow, RootRow.id == FileRow.root_id)
    .where(one_of(FileRow.photo_id))
    .order_by(FileRow.beside.is_not(None), FileRow.path)  # a RAW after the picture for it
)


class Photos:
    """The table of photos."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._labels = Labels(connections)
        self._conditions = Conditions(connections)

    def get(self, ids: Sequence[int]) -> list[Photo]:
        """The photos with these ids, in this order; unknown ones are passed over."""
        wanted = [int(photo_id) for photo_id in ids]
        found = self._connections.each_remembered("photos", wanted, self._read, MOST_KEPT)
        return [found[photo_id] for photo_id in wanted if photo_id in found]

    def _read(self, wanted: Sequence[int]) -> dict[int, Photo]:
        if not wanted:
            return {}
        files: dict[int, list[PhotoFile]] = {photo_id: [] for photo_id in wanted}
        found: dict[int, Photo] = {}
        labels = self._labels.of(wanted)
        with self._connections.reading() as connection:
            for row in connection.execute(_FILES, these(wanted)).all():
                stamp = Stamp(row.size, row.mtime_ns, row.sidecar_ns)
                files[row.photo_id].append(PhotoFile(row.path, stamp, state(missing=row.missing, online=row.online)))
            for row in connection.execute(_PHOTOS, these(wanted)).all():
                places, own = tuple(files[row.id]), labels.get(row.id, ())
                found[row.id] = Photo(row.id, row.fingerprint, _facts(row), places, own, row.placeholder)
        return found

    def by_fingerprint(self, fingerprint: bytes) -> Photo | None:
        """The photo with this content."""
        return self._one(select(PhotoRow.id).where(PhotoRow.fingerprint == fingerprint))

    def by_path(self, path: bytes) -> Photo | None:
        """The photo that lies, or lay, at this path."""
        return self._one(select(FileRow.photo_id).where(FileRow.path == path))

    def matching(self, conditions: Sequence[Condition]) -> Ids:
        """The ids of the photos that satisfy every condition, int64 (n,), ascending; hidden ones are left out.

        Raises NotFoundError for a label that there isn't.
        """
        if not conditions:
            return np.setdiff1d(self._ids(select(PhotoRow.id)), self.hidden(), assume_unique=True)
        satisfied = [self._conditions.sql(condition) for condition in conditions]
        # Few are hidden. Asked so, an index that holds what else is asked is enough, and no row of the table is read.
        hidden = select(PhotoRow.id).where(PhotoRow.hidden)
        return self._ids(select(PhotoRow.id).where(PhotoRow.id.not_in(hidden), *satisfied))

    def newest_first(self) -> Ids:
        """The ids of all photos, hidden ones too, int64 (n,): the last taken first, those without a date at the end."""
        query = select(PhotoRow.id).order_by(PhotoRow.taken_at.desc(), PhotoRow.id.desc())

        def read() -> Ids:
            with self._connections.reading() as connection:
                return _shared(read_ids(connection, query))

        return self._connections.remembered("newest first", read)

    def hidden(self) -> Ids:
        """The ids of the photos none of whose files is present or offline, int64 (n,), ascending."""
        query = select(PhotoRow.id).where(PhotoRow.hidden)
        return self._connections.remembered("hidden", lambda: _shared(self._ids(query)))

    def count(self) -> int:
        """How many photos there are that aren't hidden."""
        with self._connections.reading() as connection:
            everything = connection.scalar(select(func.count()).select_from(PhotoRow)) or 0
        return everything - len(self.hidden())

    def captions(self) -> dict[int, str]:
        """The captions of the photos that have one and aren't hidden, by id."""
        query = select(PhotoRow.id, PhotoRow.caption).where(PhotoRow.caption.is_not(None), ~PhotoRow.hidden)
        with self._connections.reading() as connection:
            rows = connection.execute(query.order_by(PhotoRow.id))
            return {photo_id: caption for photo_id, caption in rows if caption}

    def fingerprints(self) -> set[bytes]:
        """Of every photo, hidden ones too: 16 bytes each."""
        with self._connections.reading() as connection:
            return set(connection.scalars(select(PhotoRow.fingerprint)))

    def add(self, photos: Sequence[tuple[bytes, PhotoFacts]]) -> dict[bytes, int]:
        """Take in contents, fingerprint and facts each; one that is known keeps its id and facts.

        Returns the ids by fingerprint. They are hidden until a file is placed.
        """
        writer = self._connections.writer
        rows = [{"fingerprint": fingerprint, "hidden": True, **_columns(facts)} for fingerprint, facts in photos]
        insert_new(writer, PhotoRow, rows)
        ids: dict[bytes, int] = {}
        for part in chunks([fingerprint for fingerprint, _ in photos]):
            query = select(PhotoRow.fingerprint, PhotoRow.id).where(PhotoRow.fingerprint.in_(part))
            ids.update(writer.execute(query).all())
        return ids

    def contents(self, fingerprints: Sequence[bytes], model_id: int) -> dict[bytes, KnownContent]:
        """What is known of these contents, by fingerprint; new ones are left out."""
        found: dict[bytes, KnownContent] = {}
        embedded = exists(
            select(EmbeddingRow.seq).where(EmbeddingRow.model_id == model_id, EmbeddingRow.photo_id == PhotoRow.id)
        )
        with self._connections.reading() as connection:
            for part in chunks(fingerprints):
                query = (
                    select(PhotoRow.fingerprint, PhotoRow.id, embedded.label("embedded"), FileRow.sidecar_ns)
                    .join(FileRow, FileRow.photo_id == PhotoRow.id, isouter=True)
                    .where(PhotoRow.fingerprint.in_(part))
                )
                for row in connection.execute(query):
                    known = found.setdefault(row.fingerprint, KnownContent(row.id, bool(row.embedded), set()))
                    known.sidecars.add(row.sidecar_ns or 0)
        return found

    def update(self, photo_id: int, facts: PhotoFacts) -> None:
        """Give a photo new facts: its sidecar changed, or a better decoder read it."""
        self._connections.writer.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(_columns(facts)))

    def _one(self, query: Select[int]) -> Photo | None:
        with self._connections.reading() as connection:
            photo_id = connection.scalar(query)
        return None if photo_id is None else next(iter(self.get([photo_id])), None)

    def _ids(self, query: Select[int]) -> Ids:
        with self._connections.reading() as connection:
            ids = read_ids(connection, query)
        ids.sort()
        return ids


def _shared(ids: Ids) -> Ids:
    """Ids that are handed to several, none of whom may change them."""
    ids.flags.writeable = False
    return ids


def _columns(facts: PhotoFacts) -> Row:
    values: Row = {name: _storable(getattr(facts, name)) for name in _FACTS}
    values["keywords"] = [_storable(word) for word in facts.keywords]
    return values


def _storable(value: Any) -> Any:
    """Text as UTF-8 can carry it: files hold halves of surrogate pairs, which the database refuses."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _facts(row: Any) -> PhotoFacts:
    values = {name: getattr(row, name) for name in _FACTS}
    values["keywords"] = tuple(row.keywords)
    return PhotoFacts(**values)
