"""Looks and times as they are kept, and which photos are duplicates as far as SQL can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from searchengine.store.files import Place
from searchengine.store.looks import duplicates
from searchengine.store.schema import PhotoRow
from tests.searching.libraries import FACTS, ROOT, STAMP, SmallLibrary, identity
from tests.vectors.samples import unit_vectors

WHEN = datetime(2024, 6, 1, 12, 30, 15)  # noqa: DTZ001  # cameras write local time without a zone


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallLibrary]:
    made = SmallLibrary(tmp_path / "library", identity(8))
    yield made
    made.database.close()


def write(small: SmallLibrary, looks: dict[int, int]) -> None:
    with small.database.writing():
        small.database.looks.write({photo_id: look.to_bytes(8) for photo_id, look in looks.items()})


def found(small: SmallLibrary) -> set[int]:
    with small.database.reading() as connection:
        return set(connection.scalars(select(PhotoRow.id).where(PhotoRow.id.in_(duplicates()))))


def test_looks_come_in_the_order_that_is_asked_for(small: SmallLibrary) -> None:
    ids = small.add(unit_vectors(3, 8))
    write(small, {ids[0]: 1, ids[2]: 2**64 - 1})
    looks, times = small.database.looks.of([ids[2], 999, ids[1], ids[0]])
    assert looks.dtype == np.uint64
    assert looks.tolist() == [2**64 - 1, 0, 0, 1]
    assert np.isnan(times).all()


def test_only_what_the_camera_says_counts_as_the_time(small: SmallLibrary) -> None:
    facts = [replace(FACTS, taken_at=WHEN, taken_from=source) for source in ("exif", "xmp", "file")]
    _, times = small.database.looks.of(small.add(unit_vectors(3, 8), facts=facts))
    assert times[0] == times[1]
    assert np.isnan(times[2])
    later = [replace(FACTS, taken_at=WHEN.replace(second=18), taken_from="exif")]
    _, after = small.database.looks.of(small.add(unit_vectors(1, 8), facts=later))
    assert after[0] - times[0] == 3


def test_photos_without_a_look_are_known(small: SmallLibrary) -> None:
    ids = small.add(unit_vectors(3, 8))
    write(small, {ids[1]: 0})
    assert [photo_id for photo_id, _ in small.database.looks.lacking()] == [ids[0], ids[2]]


def test_a_photo_is_a_duplicate_when_another_looks_the_very_same(small: SmallLibrary) -> None:
    ids = small.add(unit_vectors(6, 8))
    write(small, {ids[0]: 7, ids[1]: 7, ids[2]: 8, ids[3]: 0, ids[4]: 0})
    assert found(small) == {ids[0], ids[1]}
    small.hide([ids[1]])
    assert found(small) == set()


def test_a_photo_is_a_duplicate_when_it_lies_at_several_places_and_a_raw_beside_it_is_none(small: SmallLibrary) -> None:
    one, other = small.add(unit_vectors(2, 8))
    with small.database.writing():
        small.database.files.place(
            [
                Place(ROOT + b"/copy.jpg", small.root_id, one, STAMP),
                Place(ROOT + b"/00001.cr2", small.root_id, other, STAMP, beside=ROOT + b"/00001.jpg"),
            ]
        )
    assert found(small) == {one} == set(small.database.looks.at_several_places())
    known = dict(small.database.files.known(small.root_id))
    with small.database.writing():
        small.database.files.mark_missing([known[ROOT + b"/copy.jpg"].id])
    assert found(small) == set()
