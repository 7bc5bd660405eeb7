"""Remembered queries and the marks on their answers: written, taken back turn by turn, and dropped when nothing holds
them."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from searchengine.store.concepts import CONCEPT, Concept
from searchengine.store.database import Database
from searchengine.store.probes import Probe
from searchengine.store.prune import prune
from searchengine.store.searches import Search
from tests.store.conftest import ROOT, fill

LEARNT = Probe(np.array([1, 0, 0, -1], np.float32), -0.5, 0.9, 0.8)


@pytest.fixture
def photos(database: Database) -> list[int]:
    return fill(database, [b"/photos/%d.jpg" % number for number in range(5)])


def mark(database: Database, line: str, good: list[int], bad: list[int]) -> None:
    with database.writing():
        database.searches.mark(line, good, bad)


def undo(database: Database, line: str) -> bool:
    with database.writing():
        return database.searches.undo(line)


def marks(database: Database, line: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    search = database.searches.of(line)
    return (search.good, search.bad) if search else ((), ())


def make_concept(database: Database, name: str, line: str) -> int:
    with database.writing():
        label_id = database.labels.add(name, CONCEPT)
        database.concepts.make(label_id, database.searches.remember(line))
        database.probes.learn(label_id, 1, LEARNT)
        database.labels.give(label_id, 1, [1, 2], {1: 0.9})
    return label_id


def test_what_was_said_last_of_a_photo_holds(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:2], photos[2:3])
    mark(database, "dog", photos[2:3], photos[:1])
    assert marks(database, "dog") == ((photos[1], photos[2]), (photos[0],))


def test_undo_brings_back_what_was_said_before(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:2], photos[2:3])
    before = marks(database, "dog")
    mark(database, "dog", photos[2:4], photos[:1])
    assert undo(database, "dog")
    assert marks(database, "dog") == before
    assert undo(database, "dog")
    assert not undo(database, "dog")
    assert database.searches.of("dog") is None


def test_marks_are_of_one_query(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    mark(database, "cat", [], photos[:1])
    assert undo(database, "cat")
    assert [search.line for search in database.searches.all()] == ["dog"]
    assert marks(database, "dog") == ((photos[0],), ())


def test_forgetting_takes_back_every_turn(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    mark(database, "dog", photos[1:2], [])
    with database.writing():
        assert database.searches.forget("dog")
        assert not database.searches.forget("dog")
    assert database.searches.all() == []


def test_a_saved_query_stays_without_marks_until_it_is_no_longer_saved(database: Database, photos: list[int]) -> None:
    with database.writing():
        database.searches.save("dog")
    mark(database, "dog", photos[:1], [])
    undo(database, "dog")
    (search,) = database.searches.all()
    assert search == Search(search.id, "dog", saved=True)
    with database.writing():
        database.searches.save("dog", saved=False)
    assert database.searches.all() == []


def test_marks_keep_a_query_that_is_no_longer_saved(database: Database, photos: list[int]) -> None:
    with database.writing():
        database.searches.save("dog")
    mark(database, "dog", photos[:1], [])
    with database.writing():
        database.searches.save("dog", saved=False)
    assert marks(database, "dog") == ((photos[0],), ())


def test_a_query_that_is_remembered_again_keeps_what_is_known_of_it(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    with database.writing():
        database.searches.save("dog")
        known = database.searches.remember("dog")
    assert database.searches.of("dog") == Search(known, "dog", saved=True, good=(photos[0],))


def test_marks_of_a_pruned_photo_vanish(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:2], photos[2:3])
    known = dict(database.files.known(database.roots.all()[0].id))
    with database.writing():
        database.files.mark_missing([known[ROOT + b"/0.jpg"].id, known[ROOT + b"/2.jpg"].id], missing=True)
    assert marks(database, "dog") == ((photos[0], photos[1]), (photos[2],))
    prune(database)
    assert marks(database, "dog") == ((photos[1],), ())


def test_a_photo_that_there_is_not_can_not_be_marked(database: Database, photos: list[int]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        mark(database, "dog", [max(photos) + 1], [])
    assert database.searches.all() == []


def test_a_concept_keeps_its_query_and_goes_with_its_label(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    label_id = make_concept(database, "my dog", "dog")
    assert database.concepts.all() == [Concept(label_id, "my dog", "dog")]
    undo(database, "dog")
    assert database.searches.of("dog") is not None
    with database.writing():
        database.labels.remove(label_id)
        database.searches.tidy()
    assert database.concepts.all() == []
    assert database.searches.all() == []


@pytest.mark.parametrize("change", ["mark", "undo", "forget"])
def test_a_concept_is_learnt_anew_when_its_marks_change(database: Database, photos: list[int], change: str) -> None:
    mark(database, "dog", photos[:1], [])
    make_concept(database, "my dog", "dog")
    mark(database, "cat", photos[:1], [])
    assert database.concepts.unlearnt(1) == []
    if change == "mark":
        mark(database, "dog", [], photos[3:4])
    else:
        with database.writing():
            assert getattr(database.searches, change)("dog")
    assert [concept.name for concept in database.concepts.unlearnt(1)] == ["my dog"]
    assert database.photos.get([1])[0].labels == ()


def test_a_concept_is_learnt_by_every_model(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    make_concept(database, "my dog", "dog")
    assert database.concepts.unlearnt(1) == []
    assert [concept.line for concept in database.concepts.unlearnt(2)] == ["dog"]


def test_a_concept_can_be_made_of_another_query(database: Database, photos: list[int]) -> None:
    mark(database, "dog", photos[:1], [])
    mark(database, "puppy", photos[:2], [])
    label_id = make_concept(database, "my dog", "dog")
    with database.writing():
        database.concepts.make(label_id, database.searches.remember("puppy"))
    assert database.concepts.unlearnt(1) == [Concept(label_id, "my dog", "puppy")]
