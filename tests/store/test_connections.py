"""What is worked out once for all who ask, until something is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from searchengine.records import FileState
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
    photos = library.database.photos.get([*ids[::-1], 99_999])
    assert [photo.id for photo in photos] == ids[::-1]
    assert all(photo.files[0].state is FileState.PRESENT for photo in photos)
    looks, times = library.database.looks.of(ids)
    assert len(looks) == 5000
    assert np.isnan(times).all()
    library.database.close()
