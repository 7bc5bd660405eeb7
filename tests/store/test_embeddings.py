"""Vectors by model: as exact as float16 is, in order, never mixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from searchengine.errors import LibraryDamagedError, NotFoundError
from searchengine.store.database import Database
from searchengine.store.embeddings import Head
from tests.store.conftest import MODEL, fill, unit

PATHS = [b"/photos/%02d.jpg" % number for number in range(10)]


def test_a_vector_comes_back_to_the_precision_of_float16(database: Database) -> None:
    ids = fill(database, PATHS)
    found, vectors = database.embeddings.of(1, ids[::-1])
    assert found.tolist() == ids
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, unit(10), atol=5e-4)


def test_a_damaged_vector_is_a_damaged_library_and_not_a_wrong_answer(database: Database) -> None:
    ids = fill(database, PATHS)
    for damaged in (b"", b"\0" * 8, b"\x00\x7e" * 4):
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE embeddings SET vector = ? WHERE seq = 1", (damaged,))
        with pytest.raises(LibraryDamagedError, match="doctor"):
            database.embeddings.of(1, ids)


def test_the_bytes_are_little_endian_float16(database: Database) -> None:
    fill(database, PATHS)
    with database.reading() as connection:
        packed = connection.exec_driver_sql("SELECT vector FROM embeddings ORDER BY seq LIMIT 1").scalar_one()
    assert packed == unit(10)[0].astype("<f2").tobytes()


def test_what_came_later_is_read_in_order_and_in_batches(database: Database) -> None:
    ids = fill(database, PATHS)
    parts = list(database.embeddings.since(1, 3, batch=4))
    assert [part.tolist() for _, part, _ in parts] == [ids[3:7], ids[7:]]
    assert [last for last, _, _ in parts] == [7, 10]
    assert list(database.embeddings.since(1, 10)) == []


def test_the_head_tells_additions_from_removals(database: Database) -> None:
    ids = fill(database, PATHS)
    assert database.embeddings.head(1) == Head(10, 0)
    with database.writing():
        assert database.embeddings.remove(1, [ids[9], 999]) == 1
        database.embeddings.add(1, [ids[9]], unit(1), "float16")
    assert database.embeddings.head(1) == Head(11, 1)
    assert database.embeddings.ids(1).tolist() == ids


@pytest.mark.parametrize(
    "vectors",
    [np.full((1, 4), np.nan), np.zeros((1, 4)), np.ones((1, 4)), np.ones((1, 5)) / np.sqrt(5), np.ones((2, 4)) / 2],
    ids=["not finite", "zero", "too long", "another dimension", "too many"],
)
def test_what_is_no_unit_vector_is_refused(database: Database, vectors: np.ndarray) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        database.embeddings.remove(1, ids[:1])
    with pytest.raises(ValueError, match="vector"), database.writing():
        database.embeddings.add(1, ids[:1], vectors.astype(np.float32), "float32")
    assert len(database.embeddings.ids(1)) == 9


def test_models_never_meet_and_are_switched_at_once(database: Database) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        other = database.models.register(replace(MODEL, revision="2", dim=2))
        database.embeddings.add(other, ids[:3], np.array([[0, 1]] * 3, np.float32), "float32")
    assert database.models.active() == (1, MODEL)
    assert database.embeddings.lacking(other).tolist() == ids[3:]
    assert [vectors.shape for _, _, vectors in database.embeddings.since(other, 0)] == [(3, 2)]
    with database.writing():
        database.models.use(other)
    assert database.models.active() == (other, replace(MODEL, revision="2", dim=2))
    assert database.embeddings.ids(1).tolist() == ids  # so that switching back costs nothing


def test_a_model_is_known_by_its_identity(database: Database) -> None:
    with database.writing():
        first = database.models.register(MODEL)
        assert database.models.register(replace(MODEL)) == first
        assert database.models.register(replace(MODEL, checksum="other")) != first


def test_a_switch_to_an_unknown_model_leaves_the_active_one(database: Database) -> None:
    fill(database, PATHS)
    with pytest.raises(NotFoundError), database.writing():
        database.models.use(99)
    assert database.models.active() == (1, MODEL)


def test_a_hidden_photo_does_not_wait_for_a_vector(database: Database) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        other = database.models.register(replace(MODEL, name="other"))
        database.files.forget(PATHS[:4])
    assert database.embeddings.lacking(other).tolist() == ids[4:]
