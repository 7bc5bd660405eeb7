"""The labels: words that fit photos, whoever says so, and the photos that they fit."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, func, select

from searchengine.errors import NotFoundError
from searchengine.records import Label
from searchengine.store.connections import Connections
from searchengine.store.schema import LabelRow, ModelRow, PhotoLabelRow, PhotoRow
from searchengine.store.sqlite import chunks, insert_new


class Labels:
    """The tables of labels and of the photos that have them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self, source: str) -> dict[int, str]:
        """The names of one source's labels by id, in the order of the names."""
        query = select(LabelRow.id, LabelRow.name).where(LabelRow.source == source).order_by(LabelRow.name)
        with self._connections.reading() as connection:
            return dict(connection.execute(query).all())

    def named(self, name: str) -> list[int]:
        """The ids of the labels that are called so, in any case and from any source. Raises NotFoundError."""
        with self._connections.reading() as connection:
            rows = connection.execute(select(LabelRow.id, LabelRow.name)).all()
        found = [row.id for row in rows if row.name.casefold() == name.casefold()]
        if not found:
            raise NotFoundError(f"There is no label '{name}'.", "See `searchengine probe list`.")
        return found

    def of(self, photo_ids: Sequence[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of these photos as the active model sees them, the surest first."""
        found: dict[int, list[Label]] = {}
        with self._connections.reading() as connection:
            for part in chunks(photo_ids):
                query = (
                    select(PhotoLabelRow.photo_id, LabelRow.name, PhotoLabelRow.confidence, LabelRow.source)
                    .join(LabelRow, LabelRow.id == PhotoLabelRow.label_id)
                    .join(ModelRow, ModelRow.id == PhotoLabelRow.model_id)
                    .where(PhotoLabelRow.photo_id.in_(part), ModelRow.active)
                    .order_by(PhotoLabelRow.confidence.desc(), LabelRow.name)
                )
                for photo_id, name, confidence, source in connection.execute(query):
                    found.setdefault(photo_id, []).append(Label(name, confidence, source))
        return {photo_id: tuple(labels) for photo_id, labels in found.items()}

    def count(self, label_id: int) -> int:
        """How many photos that aren't hidden have this label, as the active model sees them."""
        query = (
            select(func.count()).select_from(PhotoRow).where(PhotoRow.id.in_(photos_with([label_id])), ~PhotoRow.hidden)
        )
        with self._connections.reading() as connection:
            return connection.scalar(query) or 0

    def add(self, name: str, source: str) -> int:
        """Make a label known and return its id; one that is known keeps its own."""
        insert_new(self._connections.writer, LabelRow, [{"name": name, "source": source}])
        known = select(LabelRow.id).where(LabelRow.name == name, LabelRow.source == source)
        return self._connections.writer.scalars(known).one()

    def remove(self, label_id: int) -> None:
        """Forget a label with all that hangs on it."""
        self._connections.writer.execute(delete(LabelRow).where(LabelRow.id == label_id))

    def give(self, label_id: int, model_id: int, considered: Sequence[int], confidences: dict[int, float]) -> None:
        """Of the photos that were considered, those in `confidences` have this label as this model sees it."""
        writer = self._connections.writer
        mine = (PhotoLabelRow.label_id == label_id, PhotoLabelRow.model_id == model_id)
        for part in chunks(considered):
            writer.execute(delete(PhotoLabelRow).where(*mine, PhotoLabelRow.photo_id.in_(part)))
        rows = [
            {"label_id": label_id, "model_id": model_id, "photo_id": photo_id, "confidence": confidence}
            for photo_id, confidence in confidences.items()
        ]
        insert_new(writer, PhotoLabelRow, rows)


def photos_with(label_ids: Sequence[int]) -> Select[int]:
    """The ids of the photos that have one of these labels, as the active model sees them."""
    return (
        select(PhotoLabelRow.photo_id)
        .join(ModelRow, ModelRow.id == PhotoLabelRow.model_id)
        .where(PhotoLabelRow.label_id.in_(label_ids), ModelRow.active)
    )
