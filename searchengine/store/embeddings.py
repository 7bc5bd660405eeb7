"""The vectors, by model and photo: little-endian float16, each written with a number that only ever grows.

An index built from them knows by that number (`seq`) what it lacks, and by the count of `removals` whether something
that it holds was taken away or replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, update

from searchengine.errors import LibraryDamagedError, printable
from searchengine.store.connections import Connections
from searchengine.store.schema import EmbeddingRow, ModelRow, PhotoRow
from searchengine.store.sqlite import chunks

if TYPE_CHECKING:
    from searchengine.records import Ids, Vectors

UNIT = 0.01
"""How far a vector's length may be from 1; rounding to float16 takes less than 0.001."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far a model's embeddings have come."""

    last_seq: int  # of the last one written; 0 when there is none
    removals: int  # embeddings deleted or replaced since ever


class Embeddings:
    """The table of embeddings."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def head(self, model_id: int) -> Head:
        """How far a model's embeddings have come. Two look-ups, however many there are, and only after a change."""
        return self._connections.remembered(("head", model_id), lambda: self._head(model_id))

    def _head(self, model_id: int) -> Head:
        last = select(func.max(EmbeddingRow.seq)).where(EmbeddingRow.model_id == model_id)
        removals = select(ModelRow.removals).where(ModelRow.id == model_id)
        with self._connections.reading() as connection:
            return Head(connection.scalar(last) or 0, connection.scalar(removals) or 0)

    def count(self, model_id: int, most: int | None = None) -> int:
        """How many photos have a vector by this model; counting stops at `most`."""
        rows = select(EmbeddingRow.seq).where(EmbeddingRow.model_id == model_id).limit(most)
        query = select(func.count()).select_from(rows.subquery())
        with self._connections.reading() as connection:
            return connection.scalar(query) or 0

    def ids(self, model_id: int) -> Ids:
        """The photos that have a vector by this model, int64 (n,), ascending."""
        query = select(EmbeddingRow.photo_id).where(EmbeddingRow.model_id == model_id).order_by(EmbeddingRow.photo_id)
        with self._connections.reading() as connection:
            return np.fromiter(connection.scalars(query), np.int64)

    def since(self, model_id: int, seq: int, *, batch: int = 4096) -> Iterator[tuple[int, Ids, Vectors]]:
        """What was written after `seq`, in order: the last seq, int64 (n,) ids and float32 (n, dim) each time.

        Each batch is read on its own, so that a slow reader holds nothing up.
        """
        while True:
            query = (
                select(EmbeddingRow.seq, EmbeddingRow.photo_id, EmbeddingRow.vector)
                .where(EmbeddingRow.model_id == model_id, EmbeddingRow.seq > seq)
                .order_by(EmbeddingRow.seq)
                .limit(batch)
            )
            with self._connections.reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            seq = rows[-1].seq
            ids = np.array([row.photo_id for row in rows], np.int64)
            yield seq, ids, self._vectors(model_id, [row.vector for row in rows])

    def of(self, model_id: int, ids: Sequence[int] | Ids) -> tuple[Ids, Vectors]:
        """The vectors of these photos, int64 (n,) ascending and float32 (n, dim); those without one are left out."""
        found: dict[int, bytes] = {}
        with self._connections.reading() as connection:
            for part in chunks(sorted({int(photo_id) for photo_id in ids})):
                query = select(EmbeddingRow.photo_id, EmbeddingRow.vector).where(
                    EmbeddingRow.model_id == model_id, EmbeddingRow.photo_id.in_(part)
                )
                found.update(connection.execute(query.order_by(EmbeddingRow.photo_id)).all())
        return np.array(list(found), np.int64), self._vectors(model_id, list(found.values()))

    def lacking(self, model_id: int) -> Ids:
        """The photos that are there, or away, and have no vector by this model: int64 (n,), ascending."""
        query = (
            select(PhotoRow.id)
            .where(~PhotoRow.hidden)
            .except_(select(EmbeddingRow.photo_id).where(EmbeddingRow.model_id == model_id))
        )
        with self._connections.reading() as connection:
            ids = np.fromiter(connection.scalars(query), np.int64)
        ids.sort()
        return ids

    def unusable(self, model_id: int) -> list[int]:
        """The photos whose vector by this model isn't of its dimension and of unit length; there should be none."""
        dim, last = self._dim(model_id), 0
        bad: list[int] = []
        query = select(EmbeddingRow.seq, EmbeddingRow.photo_id, EmbeddingRow.vector).order_by(EmbeddingRow.seq)
        while True:
            part = query.where(EmbeddingRow.model_id == model_id, EmbeddingRow.seq > last).limit(4096)
            with self._connections.reading() as connection:
                rows = connection.execute(part).all()
            if not rows:
                return bad
            last = rows[-1].seq
            whole = [row for row in rows if len(row.vector) == 2 * dim]
            good = usable(unpack([row.vector for row in whole], dim))
            bad += [row.photo_id for row in rows if len(row.vector) != 2 * dim]
            bad += [row.photo_id for row, fine in zip(whole, good, strict=True) if not fine]

    def add(self, model_id: int, ids: Sequence[int], vectors: Vectors, precision: str) -> None:
        """Write the vectors, float32 (n, dim) of unit length, of photos without one by this model.

        Raises ValueError for a wrong shape, for numbers that aren't finite and for a length other than one.
        """
        if vectors.shape != (len(ids), self._dim(model_id)):
            raise ValueError(f"{len(ids)} vectors of {self._dim(model_id)} numbers were due, not {vectors.shape}")
        if not usable(vectors).all():
            raise ValueError("a vector isn't of unit length")
        packed = vectors.astype("<f2")
        rows = [
            {"model_id": model_id, "photo_id": photo_id, "vector": vector.tobytes(), "precision": precision}
            for photo_id, vector in zip(ids, packed, strict=True)
        ]
        if rows:
            self._connections.writer.execute(insert(EmbeddingRow), rows)

    def remove(self, model_id: int, ids: Sequence[int]) -> int:
        """Drop the vectors of these photos by this model, so that they are embedded anew. Returns how many."""
        writer = self._connections.writer
        removed = 0
        for part in chunks(ids):
            where = (EmbeddingRow.model_id == model_id, EmbeddingRow.photo_id.in_(part))
            removed += writer.execute(delete(EmbeddingRow).where(*where)).rowcount
        counted = update(ModelRow).where(ModelRow.id == model_id).values(removals=ModelRow.removals + removed)
        writer.execute(counted)
        return removed

    def _dim(self, model_id: int) -> int:
        with self._connections.reading() as connection:
            return connection.scalars(select(ModelRow.dim).where(ModelRow.id == model_id)).one()

    def _vectors(self, model_id: int, packed: list[bytes]) -> Vectors:
        """Stored vectors to float32 (n, dim), of unit length again. Raises LibraryDamagedError."""
        dim = self._dim(model_id)
        if all(len(each) == 2 * dim for each in packed):
            vectors = unpack(packed, dim)
            if usable(vectors).all():
                return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
        raise LibraryDamagedError(
            f"{printable(self._connections.file)} holds a damaged vector.",
            "Run `searchengine doctor --repair`, then `searchengine index`.",
        )


def unpack(packed: Sequence[bytes], dim: int) -> Vectors:
    """Stored vectors, n times `dim` little-endian float16, to float32 (n, dim)."""
    return np.frombuffer(b"".join(packed), "<f2").reshape(len(packed), dim).astype(np.float32)


def usable(vectors: Vectors) -> NDArray[np.bool_]:
    """Which of float32 (n, dim) are of unit length, bool (n,); one with a number that isn't finite is not."""
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    return np.asarray(np.abs(lengths - 1) <= UNIT)
