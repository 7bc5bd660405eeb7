"""Forgetting, checking, mending, copying and putting back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from searchengine.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryFullError,
    LibraryTooNewError,
    NotFoundError,
    UsageError,
)
from searchengine.store import backup as copying
from searchengine.store.backup import backup, restore
from searchengine.store.database import FILE, Database
from searchengine.store.doctor import CHECKS, check
from searchengine.store.prune import prune
from tests.store.conftest import fill

PATHS = [b"/photos/%02d.jpg" % number for number in range(10)]


def damage(database: Database, *statements: str) -> None:
    with closing(sqlite3.connect(database.file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_pruning_forgets_what_is_missing_and_nothing_that_is_away(database: Database) -> None:
    ids = fill(database, PATHS)
    prints = {photo.id: photo.fingerprint for photo in database.photos.get(ids)}
    with database.writing():
        database.files.mark_missing([file.id for path, file in database.files.known(1) if path in PATHS[:3]])
        database.roots.away(1)
    gone = prune(database)
    assert sorted(gone.paths) == PATHS[:3]
    assert set(gone.fingerprints) == {prints[photo_id] for photo_id in ids[:3]}
    assert [photo.id for photo in database.photos.get(ids)] == ids[3:]
    assert database.embeddings.ids(1).tolist() == ids[3:]
    assert database.embeddings.head(1).removals == 3
    assert check(database) == []
    assert prune(database).paths == ()


def test_an_id_that_was_pruned_is_not_used_again(database: Database) -> None:
    ids = fill(database, PATHS)
    with database.writing():
        database.files.forget(PATHS)
    prune(database)
    assert min(fill(database, PATHS)) > max(ids)


def test_a_healthy_library_has_no_findings(database: Database) -> None:
    fill(database, PATHS)
    assert check(database) == []


@pytest.mark.parametrize(
    ("name", "statement", "mended"),
    [
        ("references", "UPDATE embeddings SET photo_id = 99 WHERE photo_id = 1", False),
        ("fingerprints", "UPDATE photos SET fingerprint = x'00' WHERE id = 1", False),
        ("visibility", "UPDATE photos SET hidden = 1 WHERE id = 1", True),
        ("paths", "INSERT INTO failures SELECT path, 1, 'x', 1, 1, 0, '1' FROM files WHERE id = 1", True),
        ("places", "UPDATE files SET path = cast('/elsewhere.jpg' AS BLOB) WHERE id = 1", True),
        ("vectors", "UPDATE embeddings SET vector = x'0000' WHERE seq = 1", True),
        ("vectors", "UPDATE embeddings SET vector = zeroblob(8) WHERE seq = 1", True),
        ("vectors", "UPDATE embeddings SET vector = x'007e007e007e007e' WHERE seq = 1", True),
    ],
)
def test_each_broken_invariant_is_found_and_mended_where_that_can_be(
    database: Database, name: str, statement: str, mended: bool
) -> None:
    fill(database, PATHS)
    damage(database, statement)
    assert {(finding.check, finding.mended) for finding in check(database)} == {(name, False)}
    assert {(finding.check, finding.mended) for finding in check(database, repair=True)} == {(name, mended)}
    assert (check(database) == []) is mended


def test_every_check_says_what_it_checks() -> None:
    assert all(find.__doc__ for find in CHECKS.values())


def test_a_backup_of_a_library_in_use_is_one_state_of_it(database: Database, tmp_path: Path) -> None:
    """While files are added two by two, a copy must never hold half of a transaction."""
    stop = threading.Event()

    def add() -> None:
        number = 0
        while not stop.is_set():
            fill(database, [b"/photos/x-%05d-%s.jpg" % (number, side) for side in (b"a", b"b")])
            number += 1

    adding = threading.Thread(target=add)
    adding.start()
    try:
        for number in range(5):
            backup(database, tmp_path / f"{number}.backup")
    finally:
        stop.set()
        adding.join()
    for number in range(5):
        folder = tmp_path / str(number)
        restore(folder, tmp_path / f"{number}.backup")
        with Database.open(folder) as copy:
            assert check(copy) == []
            assert len(copy.photos.matching(())) % 2 == 0


def test_a_backup_is_one_file_and_replaces_an_older_one(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "backups" / "photos.backup"
    file.parent.mkdir()
    backup(database, file)
    fill(database, PATHS)
    backup(database, file)
    assert list(file.parent.iterdir()) == [file]
    restore(tmp_path / "copy", file)
    with Database.open(tmp_path / "copy") as copy:
        assert copy.photos.count() == 10


def test_a_backup_without_room_leaves_the_older_one(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "photos.backup"
    backup(database, file)
    before = file.read_bytes()

    def full(_source: Path, target: Path, *, read_only: bool) -> None:
        target.touch()
        raise OSError(28, "No space left on device", str(read_only))

    monkeypatch.setattr(copying, "copy_database", full)
    with pytest.raises(LibraryFullError):
        backup(database, file)
    assert file.read_bytes() == before
    assert not file.with_name("photos.backup.part").exists()


def test_the_library_is_no_place_for_its_backup(database: Database, tmp_path: Path) -> None:
    for place in (database.file, tmp_path):
        with pytest.raises(UsageError):
            backup(database, place)


def test_a_backup_into_a_folder_that_is_not_there_is_an_error_of_ours(database: Database, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="nowhere"):
        backup(database, tmp_path / "nowhere" / "photos.backup")


def test_a_photo_is_never_overwritten_by_a_backup(database: Database, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG a photo")
    with pytest.raises(UsageError, match="no backup"):
        backup(database, photo)
    assert photo.read_bytes() == b"\x89PNG a photo"


def test_another_program_s_database_is_never_overwritten_by_a_backup(database: Database, tmp_path: Path) -> None:
    other = tmp_path / "digikam4.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE Albums (id)")
    before = other.read_bytes()
    with pytest.raises(UsageError, match="no backup"):
        backup(database, other)
    assert other.read_bytes() == before


def test_a_damaged_library_is_replaced_by_its_backup(folder: Path, tmp_path: Path) -> None:
    with Database.open(folder, create=True) as database:
        ids = fill(database, PATHS)
        backup(database, tmp_path / "backup")
    (folder / FILE).write_bytes(b"torn " * 5000)
    (folder / f"{FILE}-wal").write_bytes(b"torn too")
    restore(folder, tmp_path / "backup")
    with Database.open(folder) as database:
        assert [photo.id for photo in database.photos.get(ids)] == ids
        assert check(database) == []


def test_what_came_after_the_backup_is_not_mixed_into_it(folder: Path, tmp_path: Path) -> None:
    """The log of a killed program lies beside its library; it must not be taken for the backup's."""
    with Database.open(folder, create=True) as database:
        fill(database, PATHS)
        backup(database, tmp_path / "backup")
    program = (
        "import os, sys; from pathlib import Path; from searchengine.store.database import Database\n"
        "from tests.store.conftest import fill\n"
        "database = Database.open(Path(sys.argv[1])); fill(database, [b'/photos/later.jpg']); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, folder], check=True)
    assert (folder / f"{FILE}-wal").stat().st_size > 0
    restore(folder, tmp_path / "backup")
    with Database.open(folder) as database:
        assert database.photos.count() == 10
        assert check(database) == []


def test_a_library_that_is_open_is_not_replaced(database: Database, folder: Path, tmp_path: Path) -> None:
    fill(database, PATHS)
    backup(database, tmp_path / "backup")
    cache = folder / "vectors-1.faiss"
    cache.touch()
    with pytest.raises(LibraryBusyError):
        restore(folder, tmp_path / "backup", caches=[cache])
    assert database.photos.count() == 10
    assert cache.exists()
    database.close()
    restore(folder, tmp_path / "backup", caches=[cache])
    assert not cache.exists()
    assert not (folder / f"{FILE}.part").exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, NotFoundError), (b"", LibraryDamagedError), (b"no database " * 99, LibraryDamagedError)],
)
def test_what_is_no_backup_is_refused_and_the_library_stays(
    folder: Path, tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    with Database.open(folder, create=True) as database:
        fill(database, PATHS)
    if content is not None:
        (tmp_path / "backup").write_bytes(content)
    with pytest.raises(error):
        restore(folder, tmp_path / "backup")
    with Database.open(folder) as database:
        assert database.photos.count() == 10


def test_a_backup_of_a_newer_version_is_refused(folder: Path, tmp_path: Path) -> None:
    with Database.open(folder, create=True) as database:
        backup(database, tmp_path / "backup")
    with closing(sqlite3.connect(tmp_path / "backup")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryTooNewError):
        restore(folder, tmp_path / "backup")
