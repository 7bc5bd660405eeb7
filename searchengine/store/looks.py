"""What photos look like in 64 bits (`photos/look.py`), and when they were taken: what near-copies are told by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import ColumnElement, Select, bindparam, func, select, union, update

from searchengine.store.connections import Connections
from searchengine.store.schema import FileRow, PhotoRow
from searchengine.store.sqlite import one_of, these

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids

NO_DETAIL = bytes(8)
"""The look of a picture without any detail, such as a black one: it says nothing."""

MOST_KEPT = 50_000
"""Photos whose looks are kept in mind; some 200 bytes each."""

_Seen = tuple[bytes | None, datetime | None, str | None]
"""A look, when the photo was taken, and where that stands."""


_LOOKS = select(PhotoRow.id, PhotoRow.look, PhotoRow.taken_at, PhotoRow.taken_from).where(one_of(PhotoRow.id))


class Looks:
    """The looks in the table of photos."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def of(self, ids: Sequence[int] | Ids) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """The looks of these photos and the seconds at which they were taken, uint64 (n,) and float64 (n,), in order.

        A look is 0 where there is none yet; a time is NaN where the camera didn't tell: a file's own date is often
        that of a copy, and all copies were made within seconds.
        """
        wanted = [int(photo_id) for photo_id in ids]
        found = self._connections.each_remembered("looks", wanted, self._read, MOST_KEPT)
        rows = [found.get(photo_id, (None, None, None)) for photo_id in wanted]
        looks = np.frombuffer(b"".join(look or NO_DETAIL for look, _, _ in rows), ">u8").astype(np.uint64)
        taken = [when if source != "file" else None for _, when, source in rows]
        moments = np.array(taken, "datetime64[us]")
        times = np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)
        return looks, times

    def _read(self, wanted: Sequence[int]) -> dict[int, _Seen]:
        if not wanted:
            return {}
        with self._connections.reading() as connection:
            rows = connection.execute(_LOOKS, these(wanted)).all()
        return {photo_id: (look, moment, source) for photo_id, look, moment, source in rows}

    def lacking(self) -> list[tuple[int, bytes]]:
        """The photos whose look isn't known, with their fingerprints. One look-up in an index where there is none."""
        query = select(PhotoRow.id, PhotoRow.fingerprint).where(PhotoRow.look.is_(None)).order_by(PhotoRow.id)
        with self._connections.reading() as connection:
            return [(row.id, row.fingerprint) for row in connection.execute(query)]

    def at_several_places(self) -> list[int]:
        """The photos whose content lies at more than one place that isn't missing; a RAW beside its picture is none."""
        with self._connections.reading() as connection:
            return list(connection.scalars(_at_several_places()))

    def write(self, looks: Mapping[int, bytes]) -> None:
        """Write down what these photos look like, 8 bytes each."""
        if looks:
            statement = update(PhotoRow).where(PhotoRow.id == bindparam("photo"))
            rows = [{"photo": photo_id, "look": look} for photo_id, look in looks.items()]
            self._connections.writer.execute(statement.values(look=bindparam("look")), rows)


def duplicates() -> Select[int]:
    """The ids of the photos that lie at several places, or look the very same as another one, hidden ones apart.

    A RAW beside its picture is no second place of it. Near-copies whose looks differ by a bit are left to
    `searchengine duplicates`, which compares more than that.
    """
    shown: tuple[ColumnElement[bool], ...] = (~PhotoRow.hidden, PhotoRow.look.is_not(None), PhotoRow.look != NO_DETAIL)
    shared = select(PhotoRow.look).where(*shown).group_by(PhotoRow.look).having(func.count() > 1)
    same = select(PhotoRow.id).where(*shown, PhotoRow.look.in_(shared))
    return select(union(_at_several_places(), same).subquery().c[0])


def _at_several_places() -> Select[int]:
    places = select(FileRow.photo_id).where(~FileRow.missing, FileRow.beside.is_(None))
    return places.group_by(FileRow.photo_id).having(func.count() > 1)
