"""The labels: words that fit photos, whoever says so, and the photos that they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Select, bindparam, delete, exists, func, insert, select, update

from searchengine.errors import NotFoundError
from searchengine.records import Label
from searchengine.store.connections import Connections
from searchengine.store.schema import LabellingRow, LabelRow, ModelRow, PhotoLabelRow, PhotoRow
from searchengine.store.sqlite import chunks, insert_new, one_of, these

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids

VOCABULARY = "vocabulary"
"""The source of labels that follow from their words."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label and how many photos have it."""

    name: str
    source: str
    photos: int


@dataclass(frozen=True, slots=True)
class Labelling:
    """How far one model has given the vocabulary's labels."""

    model_id: int
    checksum: str  # of the vocabulary and of everything else that the labels follow from
    last_seq: int = 0  # of the last embedding that has its labels


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Which labels fit which photos, a pair in each place."""

    photo_ids: Ids  # int64 (n,)
    label_ids: Ids  # int64 (n,)
    confidences: NDArray[np.float32]  # (n,), 0.5 to 1


_OF_PHOTOS = (
    select(PhotoLabelRow.photo_id, LabelRow.name, PhotoLabelRow.confidence, LabelRow.source)
    .join(LabelRow, LabelRow.id == PhotoLabelRow.label_id)
    .join(ModelRow, ModelRow.id == PhotoLabelRow.model_id)
    .where(one_of(PhotoLabelRow.photo_id), ModelRow.active)
    .order_by(PhotoLabelRow.confidence.desc(), LabelRow.name)
)


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
        """The ids of the labels that are called so, in any case and from any source. Raises NotFoundError.

        Where none is, those of which it is another word.
        """
        wanted = name.casefold()
        with self._connections.reading() as connection:
            rows = connection.execute(select(LabelRow.id, LabelRow.name)).all()
            found = [row.id for row in rows if row.name.casefold() == wanted]
            if not found:
                others = connection.execute(select(LabelRow.id, LabelRow.also)).all()
                found = [row.id for row in others if wanted in map(str.casefold, row.also)]
        if not found:
            near = get_close_matches(wanted, [row.name.casefold() for row in rows], n=1)
            listed = "`searchengine tags` lists those that photos have, `searchengine probe list` your own."
            next_step = f"Did you mean '{near[0]}'? {listed}" if near else listed
            raise NotFoundError(f"There is no label '{name}'.", next_step)
        return found

    def of(self, photo_ids: Sequence[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of these photos as the active model sees them, the surest first."""
        found: dict[int, list[Label]] = {}
        with self._connections.reading() as connection:
            for photo_id, name, confidence, source in connection.execute(_OF_PHOTOS, these(photo_ids)).all():
                found.setdefault(photo_id, []).append(Label(name, confidence, source))
        return {photo_id: tuple(labels) for photo_id, labels in found.items()}

    def count(self, label_id: int) -> int:
        """How many photos that aren't hidden have this label, as the active model sees them."""
        query = (
            select(func.count()).select_from(PhotoRow).where(PhotoRow.id.in_(photos_with([label_id])), ~PhotoRow.hidden)
        )
        with self._connections.reading() as connection:
            return connection.scalar(query) or 0

    def counts(self, source: str | None = None) -> list[LabelCount]:
        """How many photos that aren't hidden have each label, as the active model sees them; the most frequent first.

        Labels that no photo has are left out. `source`: only this one's.
        """
        photos = func.count()
        query: Select[str, str, int] = (
            select(LabelRow.name, LabelRow.source, photos)
            .join(PhotoLabelRow, PhotoLabelRow.label_id == LabelRow.id)
            .join(ModelRow, ModelRow.id == PhotoLabelRow.model_id)
            .join(PhotoRow, PhotoRow.id == PhotoLabelRow.photo_id)
            .where(ModelRow.active, ~PhotoRow.hidden)
            .group_by(LabelRow.id)
            .order_by(photos.desc(), LabelRow.name)
        )
        with self._connections.reading() as connection:
            rows = connection.execute(query if source is None else query.where(LabelRow.source == source))
            return [LabelCount(*row) for row in rows]

    def labelling(self, model_id: int) -> Labelling | None:
        """How far a model has given the vocabulary's labels; None when it never has."""
        query = select(LabellingRow.__table__).where(LabellingRow.model_id == model_id)
        with self._connections.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Labelling(row.model_id, row.checksum, row.last_seq)

    def start(self, labelling: Labelling, words: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Begin to give a vocabulary's labels anew; `words` are the labels, each with other words for it.

        Labels that are not in it any more are forgotten, for every model. Returns the labels' ids by name.
        """
        writer = self._connections.writer
        known = {name: label_id for label_id, name in self.all(VOCABULARY).items()}
        for part in chunks([label_id for name, label_id in known.items() if name not in words]):
            writer.execute(delete(LabelRow).where(LabelRow.id.in_(part)))
        insert_new(writer, LabelRow, [{"name": name, "source": VOCABULARY, "also": []} for name in words])
        ids = {name: label_id for label_id, name in self.all(VOCABULARY).items()}
        rows = [{"label": ids[name], "others": list(also)} for name, also in words.items()]
        if rows:
            changed = update(LabelRow).where(LabelRow.id == bindparam("label")).values(also=bindparam("others"))
            writer.execute(changed, rows)
        writer.execute(delete(LabellingRow).where(LabellingRow.model_id == labelling.model_id))
        values = {"model_id": labelling.model_id, "checksum": labelling.checksum, "last_seq": labelling.last_seq}
        writer.execute(insert(LabellingRow).values(values))
        return ids

    def go_on(self, labelling: Labelling, last_seq: int) -> bool:
        """Note that the labels are given up to an embedding; False when another program was quicker, or began anew."""
        same = (
            LabellingRow.model_id == labelling.model_id,
            LabellingRow.checksum == labelling.checksum,
            LabellingRow.last_seq == labelling.last_seq,
        )
        noted = self._connections.writer.execute(update(LabellingRow).where(*same).values(last_seq=last_seq))
        return noted.rowcount == 1

    def give_all(self, model_id: int, considered: Ids, given: Given) -> None:
        """Of the photos that were considered, those in `given` have the vocabulary's labels as this model sees them."""
        writer = self._connections.writer
        # Asked of each row: with `IN`, every label would be looked up with every photo.
        own = exists(select(LabelRow.id).where(LabelRow.id == PhotoLabelRow.label_id, LabelRow.source == VOCABULARY))
        for part in chunks(considered.tolist()):
            mine = (PhotoLabelRow.photo_id.in_(part), PhotoLabelRow.model_id == model_id)
            writer.execute(delete(PhotoLabelRow).where(*mine, own))
        order = np.lexsort((given.photo_ids, given.label_ids))  # as the table is sorted, which is quickest to write
        columns = (given.label_ids[order], given.photo_ids[order], given.confidences[order])
        rows = [
            {"label_id": label_id, "model_id": model_id, "photo_id": photo_id, "confidence": confidence}
            for label_id, photo_id, confidence in zip(*(column.tolist() for column in columns), strict=True)
        ]
        if rows:
            writer.execute(insert(PhotoLabelRow), rows)

    def add(self, name: str, source: str) -> int:
        """Make a label known and return its id; one that is known keeps its own."""
        insert_new(self._connections.writer, LabelRow, [{"name": name, "source": source, "also": []}])
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
