"""Photos and their places: found, filtered, hidden and shown again."""

# ruff: noqa: DTZ001  # a photo's date is the local time where it was taken, without a zone

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from searchengine.conditions import (
    Condition,
    HasCamera,
    HasCaption,
    HasFormat,
    InFolder,
    InFolderNamed,
    Is,
    Kind,
    Not,
    Taken,
)
from searchengine.errors import NotFoundError
from searchengine.records import Failure, FileState, PhotoFacts, Stamp
from searchengine.store.database import Database
from searchengine.store.files import Place
from tests.store.conftest import FACTS, ROOT, fill

PATHS = [b"/photos/a.jpg", b"/photos/trip/b.jpg", b"/photos/trip/deep/c.jpg", b"/photos/trips.jpg", b"/photos/\xff.jpg"]


def states(database: Database, photo_id: int) -> dict[bytes, FileState]:
    return {file.path: file.state for file in database.photos.get([photo_id])[0].files}


def test_photos_come_in_the_order_asked_and_unknown_ones_are_passed_over(database: Database) -> None:
    first, second, *_ = fill(database, PATHS)
    assert [photo.id for photo in database.photos.get([second, 999, first, second])] == [second, first, second]


def test_facts_come_back_as_they_were_given(database: Database) -> None:
    facts = PhotoFacts(
        *(4000, 3000, "heic", datetime(2024, 2, 29, 23, 59, 59, 5), "exif", "Pixel", "wide", -33.9, 151.2),
        caption="Kaffee ☕",
        keywords=("a", "日本"),
        flaw="truncated",
    )
    (photo_id,) = fill(database, PATHS[:1], [facts])
    assert database.photos.get([photo_id])[0].facts == facts


def test_text_that_no_database_can_hold_does_not_lose_the_photo(database: Database) -> None:
    facts = PhotoFacts(1, 1, "jpeg", caption="half \ud83d", keywords=("\udcff",))
    (photo_id,) = fill(database, PATHS[:1], [facts])
    assert database.photos.get([photo_id])[0].facts.caption == "half ?"


def test_a_photo_is_found_by_content_and_by_path(database: Database) -> None:
    ids = fill(database, PATHS)
    for photo_id, path in zip(ids, PATHS, strict=True):
        photo = database.photos.by_path(path)
        assert photo is not None
        assert photo.id == photo_id
        assert database.photos.by_fingerprint(photo.fingerprint) == photo
    assert database.photos.by_path(b"/photos") is None
    assert database.photos.by_fingerprint(b"?" * 16) is None


def test_a_copy_is_one_photo_with_two_places(database: Database) -> None:
    (photo_id,) = fill(database, PATHS[:1])
    with database.writing():
        database.files.place([Place(b"/photos/z.jpg", 1, photo_id, Stamp(1, 2))])
    assert states(database, photo_id) == dict.fromkeys([PATHS[0], b"/photos/z.jpg"], FileState.PRESENT)
    assert database.photos.count() == 1


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([InFolder(b"/photos")], [0, 1, 2, 3, 4]),
        ([InFolder(b"/photos/trip")], [1, 2]),
        ([InFolder(b"/photos/trip/")], [1, 2]),
        ([InFolder(b"/photos/trip/deep")], [2]),
        ([InFolder(b"/")], [0, 1, 2, 3, 4]),
        ([InFolder(b"/photos/none")], []),
        ([Taken(datetime(2024, 1, 2))], [1, 2]),
        ([Taken(None, datetime(2024, 1, 2))], [0]),
        ([Taken(datetime(2024, 1, 1), datetime(2024, 1, 3))], [0, 1]),
        ([HasFormat("PNG")], [3]),
        ([HasCamera("pixel")], [0, 1]),
        ([HasCamera("КАМЕРА")], [2]),
        ([HasCamera("100%")], []),
        ([InFolder(b"/photos/trip"), HasCamera("pixel")], [1]),
    ],
)
def test_conditions_are_satisfied_by_exactly_these(
    database: Database, conditions: list[Condition], expected: list[int]
) -> None:
    facts = [
        PhotoFacts(1, 1, "jpeg", datetime(2024, 1, 1, 12), "exif", "Google Pixel 8"),
        PhotoFacts(1, 1, "jpeg", datetime(2024, 1, 2), "exif", "PIXEL"),
        PhotoFacts(1, 1, "jpeg", datetime(2024, 1, 3), "exif", "Камера"),
        PhotoFacts(1, 1, "png"),
        FACTS,
    ]
    ids = fill(database, PATHS, facts)
    assert database.photos.matching(conditions).tolist() == [ids[index] for index in expected]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Straße", [0, 1]),
        ("STRASSE", [0, 1]),
        ("İstanbul", [2]),
        ("Großmütter", [3]),
        ("GROSSMU\u0308TTER", [3]),
        ("grossmütter", [3]),
        ("100%", [4]),
        ("a_b\\", [4]),
        ("a" * 60_000, []),
        ("ß" * 60_000, []),
    ],
)
def test_a_part_is_found_in_any_case_and_script_and_at_any_length(
    database: Database, part: str, expected: list[int]
) -> None:
    captions = ["In der Straße", "Hauptstrasse", "Sunset in İstanbul", "Großmütter", "100% A_B\\"]
    paths = [f"/photos/{index}/{caption}/x.jpg".encode() for index, caption in enumerate(captions)]
    ids = fill(database, paths, [PhotoFacts(1, 1, "jpeg", caption=caption) for caption in captions])
    assert database.photos.matching([HasCaption(part)]).tolist() == [ids[index] for index in expected]


@pytest.mark.parametrize("name", ["Straße", "strasse", "STRASSE"])
def test_a_folder_is_found_by_its_name_in_any_case_and_script(database: Database, name: str) -> None:
    found = fill(database, ["/photos/Straße/a.jpg".encode(), b"/photos/STRASSE/b.jpg", b"/photos/\xff/c.jpg"])[:2]
    assert database.photos.matching([InFolderNamed(name)]).tolist() == found


def test_a_folder_may_be_named_through_a_link_or_by_the_way_to_it(database: Database, tmp_path: Path) -> None:
    trip = tmp_path / "trip"
    trip.mkdir()
    (tmp_path / "link").symlink_to(trip)
    found = fill(database, [bytes(trip / "a.jpg"), bytes(tmp_path / "b.jpg")])[:1]
    for name in (trip, tmp_path / "link", trip / ".." / "trip"):
        assert database.photos.matching([InFolder(bytes(name))]).tolist() == found
    # A link that was followed while walking is a part of its photos' paths.
    linked = fill(database, [bytes(tmp_path / "link" / "c.jpg")])
    assert database.photos.matching([InFolder(bytes(tmp_path / "link"))]).tolist() == [*found, *linked]


def test_a_photo_whose_files_are_missing_is_hidden_until_one_is_back(database: Database) -> None:
    ids = fill(database, PATHS)
    file = dict(database.files.known(1))[PATHS[0]]
    with database.writing():
        database.files.mark_missing([file.id])
    assert database.photos.hidden().tolist() == [ids[0]]
    assert ids[0] not in database.photos.matching([InFolder(ROOT)])
    assert database.photos.count() == 4
    with database.writing():
        database.files.mark_missing([file.id], missing=False)
    assert database.photos.hidden().tolist() == []


def test_a_photo_with_one_place_left_is_shown_by_that_place_alone(database: Database) -> None:
    (photo_id,) = fill(database, [b"/photos/trip/b.jpg"])
    with database.writing():
        database.files.place([Place(b"/photos/copy.jpg", 1, photo_id, Stamp(1, 2))])
        database.files.mark_missing([dict(database.files.known(1))[b"/photos/trip/b.jpg"].id])
    assert database.photos.hidden().tolist() == []
    assert database.photos.matching([InFolder(b"/photos/trip")]).tolist() == []
    assert database.photos.matching([InFolder(b"/photos")]).tolist() == [photo_id]


def test_new_content_at_a_path_hides_the_photo_that_lay_there(database: Database) -> None:
    old, new = fill(database, PATHS[:2])
    with database.writing():
        database.files.place([Place(PATHS[0], 1, new, Stamp(5, 6))])
    assert database.photos.hidden().tolist() == [old]
    assert set(states(database, new)) == set(PATHS[:2])


def test_a_failure_takes_the_place_of_the_photo_that_lay_there(database: Database) -> None:
    old, *_ = fill(database, PATHS)
    failure = Failure(PATHS[0], "it is empty, says /x/\udcff.jpg", Stamp(0, 9, 3), "1")
    with database.writing():
        database.failures.record([(1, failure)])
    assert database.photos.hidden().tolist() == [old]
    assert database.photos.by_path(PATHS[0]) is None
    assert [(each.path, each.stamp) for each in database.failures.all()] == [(PATHS[0], Stamp(0, 9, 3))]


def test_unplugging_a_drive_is_one_row_and_its_photos_stay(database: Database) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        database.roots.away(1)
    assert states(database, ids[0]) == {PATHS[0]: FileState.OFFLINE}
    assert database.files.counts()[FileState.OFFLINE] == 5
    assert database.photos.hidden().tolist() == []
    with database.writing():
        database.roots.seen(1, "7")
    assert states(database, ids[0]) == {PATHS[0]: FileState.PRESENT}


def test_a_file_belongs_to_the_deepest_root_that_it_lies_in(database: Database) -> None:
    fill(database, PATHS)
    with database.writing():
        database.roots.add(b"/photos/trip", ["*.tmp"])
        database.roots.add(b"/")
    trip = next(root for root in database.roots.all() if root.path == b"/photos/trip")
    assert trip.exclude == ("*.tmp",)
    assert {path for path, _ in database.files.known(trip.id)} == {PATHS[1], PATHS[2]}
    assert {path for path, _ in database.files.known(1)} == {PATHS[0], PATHS[3], PATHS[4]}
    with database.writing():
        assert database.roots.remove(b"/photos/trip") == 0
    assert {path for path, _ in database.files.known(1)} == set(PATHS)


def test_a_root_that_is_added_again_keeps_its_patterns_unless_new_ones_are_given(database: Database) -> None:
    for exclude, expected in [(["a"], ("a",)), (None, ("a",)), (["b"], ("b",)), ([], ())]:
        with database.writing():
            database.roots.add(ROOT, exclude)
        assert database.roots.all()[0].exclude == expected


def test_a_root_that_is_no_longer_watched_takes_its_files_along(database: Database) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        assert database.roots.remove(ROOT) == 5
    assert database.roots.all() == []
    assert database.photos.hidden().tolist() == ids
    with pytest.raises(NotFoundError, match="not watched"), database.writing():
        database.roots.remove(ROOT)


def test_more_than_one_statement_can_hold_is_asked_in_parts(database: Database) -> None:
    paths = [b"/photos/%06d.jpg" % number for number in range(40_000)]
    ids = fill(database, paths)
    assert [photo.id for photo in database.photos.get(ids[::-1])] == ids[::-1]
    assert len(database.files.photos_at(paths)) == 40_000
    with database.writing():
        database.files.forget(paths)
    assert len(database.photos.hidden()) == 40_000


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT id FROM photos WHERE hidden = 1", "ix_photos_hidden"),
        ("SELECT id FROM photos WHERE taken_at >= '2024' AND hidden = 0", "ix_photos_taken_at"),
        ("SELECT id FROM photos WHERE camera IN ('a') AND hidden = 0", "ix_photos_camera"),
        ("SELECT photo_id FROM files WHERE path >= x'01' AND path < x'02'", "path>"),
        ("SELECT max(seq) FROM embeddings WHERE model_id = 1", "ix_embeddings_model_id_seq"),
        ("SELECT photo_id FROM embeddings WHERE model_id = 1 ORDER BY photo_id", "COVERING INDEX"),
    ],
)
def test_what_every_search_asks_is_answered_by_an_index(database: Database, query: str, index: str) -> None:
    with database.reading() as connection:
        plan = " ".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan


def test_what_is_offline_has_no_place_that_can_be_reached(database: Database) -> None:
    ids = fill(database, PATHS[:3])
    assert len(database.photos.matching((Is(Kind.OFFLINE),))) == 0
    assert database.photos.matching((Not(Is(Kind.OFFLINE)),)).tolist() == ids
    with database.writing():
        database.roots.add(b"/drive")
        drive = next(root.id for root in database.roots.all() if root.path == b"/drive")
        copies = [Place(b"/drive/a.jpg", drive, ids[0], Stamp(1, 1))]
        here = next(root.id for root in database.roots.all() if root.path == ROOT)
        database.files.place(copies)
        database.roots.away(here)
    assert database.photos.matching((Is(Kind.OFFLINE),)).tolist() == ids[1:]
    assert database.photos.matching((Not(Is(Kind.OFFLINE)),)).tolist() == ids[:1]
