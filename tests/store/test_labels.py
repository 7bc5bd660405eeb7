"""Labels, the examples that were shown for them, and what models learnt: written, found, and forgotten together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from searchengine.conditions import HasLabel
from searchengine.errors import NotFoundError
from searchengine.records import Label
from searchengine.store.backup import backup, restore
from searchengine.store.database import Database
from searchengine.store.doctor import check
from searchengine.store.probes import PROBE, Example, Probe
from searchengine.store.prune import prune
from tests.store.conftest import MODEL, ROOT, fill

DOG = Probe(np.array([1, 0, 0, -1], np.float32), -0.5, 0.9, 0.8)


def teach(database: Database, name: str, photos: dict[int, float], model_id: int = 1) -> int:
    """A label that fits these photos, with one example."""
    with database.writing():
        label_id = database.labels.add(name, PROBE)
        database.probes.show(label_id, [Example(b"e" * 16, b"/elsewhere/e.jpg")])
        database.probes.learn(label_id, model_id, DOG)
        database.labels.give(label_id, model_id, list(photos), {i: sure for i, sure in photos.items() if sure >= 0.5})
    return label_id


def test_a_photo_is_found_by_its_label_in_any_case(database: Database) -> None:
    first, second, third = fill(database, [b"/photos/a.jpg", b"/photos/b.jpg", b"/photos/c.jpg"])
    teach(database, "Our Dög", {first: 0.9, second: 0.2})
    assert database.photos.matching([HasLabel("oUR dÖG")]).tolist() == [first]
    assert [photo.labels for photo in database.photos.get([first, third])] == [(Label("Our Dög", 0.9, PROBE),), ()]


def test_two_labels_are_both_asked_for(database: Database) -> None:
    first, second = fill(database, [b"/photos/a.jpg", b"/photos/b.jpg"])
    teach(database, "dog", {first: 0.9, second: 0.9})
    teach(database, "cat", {second: 0.7})
    assert database.photos.matching([HasLabel("dog"), HasLabel("cat")]).tolist() == [second]
    assert [label.name for label in database.photos.get([second])[0].labels] == ["dog", "cat"]


def test_a_label_that_there_is_not_is_said(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no label 'dgo'"):
        database.photos.matching([HasLabel("dgo")])


def test_labels_are_the_active_models(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    with database.writing():
        other = database.models.register(replace(MODEL, name="other"))
    teach(database, "dog", {photo: 0.9}, model_id=other)
    assert database.photos.matching([HasLabel("dog")]).tolist() == []
    with database.writing():
        database.models.use(other)
    assert database.photos.matching([HasLabel("dog")]).tolist() == [photo]


def test_what_is_given_again_is_replaced(database: Database) -> None:
    first, second = fill(database, [b"/photos/a.jpg", b"/photos/b.jpg"])
    label_id = teach(database, "dog", {first: 0.9, second: 0.6})
    with database.writing():
        database.labels.give(label_id, 1, [first], {})
    assert database.photos.matching([HasLabel("dog")]).tolist() == [second]
    assert database.labels.count(label_id) == 1


def test_new_examples_put_an_end_to_what_was_learnt_from_the_old(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    label_id = teach(database, "dog", {photo: 0.9})
    with database.writing():
        database.probes.show(label_id, [Example(b"f" * 16, b"/f.jpg")])
    assert database.probes.of(1) == {}
    assert database.probes.unlearnt(1) == {label_id: "dog"}
    assert database.photos.get([photo])[0].labels == ()


def test_a_probe_that_was_taught_anew_is_not_applied(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    label_id = teach(database, "dog", {photo: 0.9})
    with database.writing():
        assert database.probes.applied(label_id, 1, DOG, last_seq=1)
        assert not database.probes.applied(label_id, 1, DOG, last_seq=2)  # another program was quicker
        assert not database.probes.applied(label_id, 1, replace(DOG, weights=-DOG.weights, last_seq=1), last_seq=2)


def test_a_removed_label_leaves_nothing_behind(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    label_id = teach(database, "dog", {photo: 0.9})
    with database.writing():
        database.labels.remove(label_id)
    assert database.photos.get([photo])[0].labels == ()
    assert (database.probes.of(1), database.probes.examples()) == ({}, {})
    assert check(database) == []


def test_prune_takes_the_labels_of_a_photo_with_it(database: Database) -> None:
    first, second = fill(database, [b"/photos/a.jpg", b"/photos/b.jpg"])
    label_id = teach(database, "dog", {first: 0.9, second: 0.9})
    root = next(root for root in database.roots.all() if root.path == ROOT)
    known = dict(database.files.known(root.id))
    with database.writing():
        database.files.mark_missing([known[b"/photos/a.jpg"].id])
    assert database.photos.matching([HasLabel("dog")]).tolist() == [second]
    assert database.labels.count(label_id) == 1
    prune(database)
    assert check(database) == []
    assert database.labels.count(label_id) == 1


def test_a_backup_has_the_labels(database: Database, folder: Path, tmp_path: Path) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    teach(database, "dog", {photo: 0.9})
    backup(database, tmp_path / "backup")
    database.close()
    restore(folder, tmp_path / "backup")
    with Database.open(folder) as again:
        assert again.photos.matching([HasLabel("dog")]).tolist() == [photo]
        assert again.probes.of(1)[1].weights.tolist() == DOG.weights.tolist()


def test_the_doctor_finds_a_torn_probe_and_lets_it_be_learnt_anew(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    label_id = teach(database, "dog", {photo: 0.9})
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE probes SET weights = x'0000803f0000'")
    (finding,) = check(database, repair=True)
    assert (finding.check, finding.mended) == ("probes", True)
    assert check(database) == []
    assert database.probes.unlearnt(1) == {label_id: "dog"}
