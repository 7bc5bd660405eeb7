"""The captions that don't stand in photos' own files, and the sentences that models have been shown.

A caption is a person's own sentence, which may describe any photo, or what a captioner wrote for one. A sentence is
how one model sees a text: a cache, so that captions and saved searches go through a model once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, insert, select

from searchengine.store.connections import Connections
from searchengine.store.embeddings import unpack, usable
from searchengine.store.schema import CaptionRow, ModelRow, PhotoRow, SentenceRow
from searchengine.store.sqlite import chunks, insert_new

if TYPE_CHECKING:
    from searchengine.records import Ids, Vector, Vectors

LIST = "list"
"""The source of a person's own sentences; every other one is the name of a captioner."""

BATCH = 256
"""Sentences that are encoded, then kept, at a time: what Ctrl-C costs at most."""

Encode = Callable[[Sequence[str]], "Vectors"]

Tell = Callable[[int, int], None]
"""Is told how many are done, and how many there are."""


def untold(_done: int, _whole: int) -> None:
    """A `Tell` for who doesn't want to know."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence that a photo may be described with."""

    id: int
    text: str
    source: str  # `LIST`, or the name of the captioner that wrote it
    photo_id: int | None  # None: it may fit any photo


class Captions:
    """The table of captions."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self, source: str | None = None) -> list[Caption]:
        """Every caption, or those of one source; the oldest first."""
        query = select(CaptionRow.__table__).order_by(CaptionRow.id)
        with self._connections.reading() as connection:
            rows = connection.execute(query if source is None else query.where(CaptionRow.source == source))
            return [_caption(row) for row in rows]

    def of(self, photo_ids: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
        """The captions that were written for these photos; those without one are left out."""
        found: dict[int, tuple[Caption, ...]] = {}
        with self._connections.reading() as connection:
            for part in chunks(photo_ids):
                query = select(CaptionRow.__table__).where(CaptionRow.photo_id.in_(part)).order_by(CaptionRow.id)
                for row in connection.execute(query):
                    found[row.photo_id] = (*found.get(row.photo_id, ()), _caption(row))
        return found

    def lacking(self, source: str) -> Ids:
        """The photos that aren't hidden and have no caption of this source: int64 (n,), ascending."""
        done = select(CaptionRow.photo_id).where(CaptionRow.source == source, CaptionRow.photo_id.is_not(None))
        query = select(PhotoRow.id).where(~PhotoRow.hidden, PhotoRow.id.not_in(done)).order_by(PhotoRow.id)
        with self._connections.reading() as connection:
            return np.fromiter(connection.scalars(query), np.int64)

    def add(self, texts: Sequence[str]) -> int:
        """Take in a person's own sentences; returns how many were new."""
        known = {caption.text for caption in self.all(LIST)}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        rows = [{"text": text, "source": LIST, "photo_id": None} for text in new]
        if rows:
            self._connections.writer.execute(insert(CaptionRow), rows)
        return len(rows)

    def write(self, source: str, texts: Mapping[int, str]) -> None:
        """These are what a captioner says of these photos from now on, by id; photos that are gone are passed over."""
        writer = self._connections.writer
        there: set[int] = set()
        for part in chunks(list(texts)):
            writer.execute(delete(CaptionRow).where(CaptionRow.source == source, CaptionRow.photo_id.in_(part)))
            there.update(writer.scalars(select(PhotoRow.id).where(PhotoRow.id.in_(part))))
        rows = [
            {"text": text, "source": source, "photo_id": photo_id}
            for photo_id, text in texts.items()
            if photo_id in there
        ]
        insert_new(writer, CaptionRow, rows)

    def remove(self, ids: Sequence[int]) -> int:
        """Forget these captions, and how models saw those texts. Returns how many there were."""
        writer = self._connections.writer
        removed = 0
        for part in chunks(ids):
            texts = writer.scalars(delete(CaptionRow).where(CaptionRow.id.in_(part)).returning(CaptionRow.text)).all()
            writer.execute(delete(SentenceRow).where(SentenceRow.text.in_(texts)))
            removed += len(texts)
        return removed


class Sentences:
    """The table of sentences."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def vectors(self, model_id: int, texts: Sequence[str], encode: Encode, tell: Tell = untold) -> Vectors:
        """How a model sees these texts, float32 (n, dim) of unit length.

        `encode` is the model's `encode_texts`; it is given only what isn't known yet, and what it gives is kept, a
        batch at a time, where the library can be written to. `tell` hears how many of those are done, of how many.
        """
        known = self._known(model_id, list(dict.fromkeys(texts)))
        # By length, so that a batch is padded to hardly more than its own.
        missing = sorted({text for text in texts if text not in known}, key=lambda text: (len(text), text))
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            packed = [vector.tobytes() for vector in encode(part).astype("<f2")]
            self._keep(model_id, part, packed)
            known.update(zip(part, packed, strict=True))
            tell(min(start + BATCH, len(missing)), len(missing))
        vectors = unpack([known[text] for text in texts], self._dim(model_id))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def known(self, model_id: int, texts: Sequence[str]) -> dict[str, Vector]:
        """How a model sees those of these texts that it has been shown: float32 (dim,) of unit length, by text."""
        known = self._known(model_id, list(texts))
        return {text: as_kept(np.frombuffer(packed, "<f2")) for text, packed in known.items()}

    def keep(self, model_id: int, vectors: Mapping[str, Vector]) -> None:
        """Keep how a model sees these texts, float32 (dim,) as it gave them, where the library can be written to."""
        if vectors:
            self._keep(model_id, list(vectors), [vector.astype("<f2").tobytes() for vector in vectors.values()])

    def count(self, model_id: int) -> int:
        """How many sentences a model has been shown."""
        with self._connections.reading() as connection:
            return connection.scalar(select(func.count()).where(SentenceRow.model_id == model_id)) or 0

    def _known(self, model_id: int, texts: list[str]) -> dict[str, bytes]:
        """The stored vectors by text; a damaged one counts as unknown."""
        dim = self._dim(model_id)
        found: dict[str, bytes] = {}
        with self._connections.reading() as connection:
            for part in chunks(texts):
                query = select(SentenceRow.text, SentenceRow.vector)
                rows = connection.execute(query.where(SentenceRow.model_id == model_id, SentenceRow.text.in_(part)))
                whole = [row for row in rows if len(row.vector) == 2 * dim]
                good = usable(unpack([row.vector for row in whole], dim))
                found.update({row.text: row.vector for row, fine in zip(whole, good, strict=True) if fine})
        return found

    def _keep(self, model_id: int, texts: Sequence[str], packed: Sequence[bytes]) -> None:
        if self._connections.read_only:
            return
        rows = [
            {"model_id": model_id, "text": text, "vector": vector} for text, vector in zip(texts, packed, strict=True)
        ]
        with self._connections.writing() as connection:
            old = delete(SentenceRow).where(SentenceRow.model_id == model_id, SentenceRow.text.in_(texts))
            connection.execute(old)
            connection.execute(insert(SentenceRow), rows)

    def _dim(self, model_id: int) -> int:
        query = select(ModelRow.dim).where(ModelRow.id == model_id)

        def read() -> int:
            with self._connections.reading() as connection:
                return connection.scalars(query).one()

        return self._connections.remembered(("dim", model_id), read)


def _caption(row: Any) -> Caption:
    return Caption(row.id, row.text, row.source, row.photo_id)


def as_kept(vectors: Vectors) -> Vectors:
    """Vectors, float32 (…, dim), as they are when they have been kept: rounded to float16, of unit length again."""
    rounded = vectors.astype("<f2").astype(np.float32)
    return np.asarray(rounded / np.linalg.norm(rounded, axis=-1, keepdims=True), np.float32)
