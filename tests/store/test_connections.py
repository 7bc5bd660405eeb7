"""What is worked out once for all who ask, until something is written."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from searchengine.records import FileState
from searchengine.store import photos
from searchengine.store.database import Database
from tests.searching.libraries import SmallLibrary, identity
from tests.vectors.samples import unit_vectors


def test_what_was_worked_out_holds_until_something_is_written(tmp_path: Path) -> None:
    library = SmallLibrary(tmp_path / "library", identity(4))
    (first,) = library.add(unit_vectors(1, 4))
    with Database.open(library.folder) as other:  # as another program has it
        for database in (library.database, other):
            assert database.photos.newest_first() is database.photos.newest_first()
            assert database.photos.newest_first().tolist() == [first]
            assert database.embeddings.head(library.model_id).last_seq == 1
            assert database.photos.hidden().tolist() == []
        (second,) = library.add(unit_vectors(1, 4, seed=2))
        library.hide([first])
        for database in (library.database, other):
            assert database.photos.newest_first().tolist() == [second, first]
            assert database.embeddings.head(library.model_id).last_seq == 2
            assert database.photos.hidden().tolist() == [first]
    library.database.close()


def test_a_writer_sees_what_it_writes_and_others_don_t_yet(tmp_path: Path) -> None:
    library = SmallLibrary(tmp_path / "library", identity(4))
    (first,) = library.add(unit_vectors(1, 4))
    database = library.database
    assert database.embeddings.head(library.model_id).removals == 0
    try:
        with database.writing():
            database.embeddings.remove(library.model_id, [first])
            assert database.embeddings.head(library.model_id).removals == 1
            raise InterruptedError
    except InterruptedError:
        pass
    assert database.embeddings.head(library.model_id).removals == 0
    database.close()


def test_thousands_of_photos_are_read_at_once(tmp_path: Path) -> None:
    library = SmallLibrary(tmp_path / "library", identity(4))
    ids = library.add(unit_vectors(5000, 4))
    found = library.database.photos.get([*ids[::-1], 99_999])
    assert [photo.id for photo in found] == ids[::-1]
    assert all(photo.files[0].state is FileState.PRESENT for photo in found)
    looks, times = library.database.looks.of(ids)
    assert len(looks) == 5000
    assert np.isnan(times).all()
    library.database.close()


def test_a_photo_is_read_once_until_something_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_KEPT", 3)
    library = SmallLibrary(tmp_path / "library", identity(4))
    ids = library.add(unit_vectors(5, 4))
    table = library.database.photos
    assert table.get(ids[:2])[0] is table.get(ids[:2])[0]
    assert [photo.id for photo in table.get([*ids, ids[0]])] == [*ids, ids[0]]  # more than are kept
    library.hide(ids[:1])
    assert table.get(ids[:1])[0].files[0].state is FileState.MISSING
    assert table.get([99]) == []
    library.database.close()


def test_many_threads_read_while_another_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_KEPT", 7)
    library = SmallLibrary(tmp_path / "library", identity(4))
    ids = library.add(unit_vectors(20, 4))
    done = threading.Event()

    def read(start: int) -> bool:
        while not done.is_set():
            wanted = [ids[(start + step) % 20] for step in range(6)]
            if [photo.id for photo in library.database.photos.get(wanted)] != wanted:
                return False
        return True

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, start) for start in range(6)]
        for step in range(30):
            library.hide(ids[:1], hidden=step % 2 == 0)
            state = library.database.photos.get(ids[:1])[0].files[0].state
            assert state is (FileState.MISSING if step % 2 == 0 else FileState.PRESENT)
        done.set()
    assert all(reader.result() for reader in readers)
    library.database.close()
