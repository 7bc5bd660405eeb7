"""Opening a library, and everything that can be wrong with it."""

from __future__ import annotations

import os
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
    LibraryMissingError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)
from searchengine.store import database as opening
from searchengine.store import sqlite
from searchengine.store.database import FILE, Database
from searchengine.store.filesystem import network_filesystem
from tests.store.conftest import fill

PATHS = [b"/photos/%d.jpg" % number for number in range(5)]


def test_what_was_written_is_there_when_it_is_opened_again(folder: Path) -> None:
    with Database.open(folder, create=True) as database:
        ids = fill(database, PATHS)
    with Database.open(folder) as database:
        assert [photo.files[0].path for photo in database.photos.get(ids)] == PATHS


def test_a_library_that_is_up_to_date_is_opened_without_alembic(folder: Path) -> None:
    Database.open(folder, create=True).close()
    program = (
        "import sys; from pathlib import Path; from searchengine.store.database import Database;"
        "Database.open(Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, folder], check=True)


def test_a_folder_without_a_library_is_a_missing_library(folder: Path) -> None:
    with pytest.raises(LibraryMissingError, match="no library"):
        Database.open(folder)
    assert not folder.exists()


def test_a_library_in_a_folder_whose_name_is_not_utf8_works(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    with Database.open(folder, create=True) as database:
        fill(database, PATHS)
    with Database.open(folder) as database:
        assert database.photos.count() == 5


def test_a_library_of_a_newer_version_is_refused_and_left_alone(folder: Path) -> None:
    Database.open(folder, create=True).close()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryTooNewError, match="newer version"):
        Database.open(folder)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_another_programs_database_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(LibraryDamagedError, match="another program"):
        Database.open(folder, create=True)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


@pytest.mark.parametrize("content", [b"this is a text, and a long one " * 200, b"\0" * 9000])
def test_a_file_that_is_no_database_is_a_damaged_library(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="restore"):
        Database.open(folder)
    assert (folder / FILE).read_bytes() == content


def test_a_torn_page_is_a_damaged_library_wherever_it_is_met(folder: Path) -> None:
    with Database.open(folder, create=True) as database:
        fill(database, [b"/photos/%d.jpg" % number for number in range(2000)])
    size = (folder / FILE).stat().st_size
    with (folder / FILE).open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    with pytest.raises(LibraryDamagedError, match="restore"), Database.open(folder) as database:
        database.photos.get(range(1, 2001))


def test_a_library_killed_while_it_was_made_is_made_anew(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).touch()
    with Database.open(folder) as database:
        assert database.photos.count() == 0


def test_a_failed_upgrade_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = opening.upgrade

    def half(connection: opening.Connection) -> None:
        real(connection)
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "upgrade", half)
    with pytest.raises(KeyboardInterrupt):
        Database.open(folder, create=True)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_library_that_cannot_be_written_to_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Database.open(folder, create=True) as database:
        ids = fill(database, PATHS)
    monkeypatch.setattr(opening, "writable", lambda _: False)
    before = sorted(folder.iterdir())
    with Database.open(folder) as database:
        assert database.read_only
        assert len(database.photos.get(ids)) == 5
        with pytest.raises(LibraryReadOnlyError), database.writing():
            pass
    assert sorted(folder.iterdir()) == before


def test_a_library_cannot_be_made_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="can't be written"):
        Database.open(tmp_path / "file" / "library", create=True)


def test_a_full_disk_keeps_what_was_committed(folder: Path) -> None:
    with Database.open(folder, create=True) as database:
        fill(database, PATHS)
        with database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 50")
        with pytest.raises(LibraryFullError, match="is full"):
            fill(database, [b"/photos/later-%d.jpg" % number for number in range(3000)])
        assert database.photos.count() == 5
        with database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        fill(database, [b"/photos/later.jpg"])
        assert database.photos.count() == 6


def test_readers_are_not_blocked_by_a_writer_and_see_its_work_when_it_is_done(database: Database) -> None:
    fill(database, PATHS)
    with database.writing():
        database.files.forget(PATHS[:2])
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(database.photos.count()))
        reader.start()
        reader.join(timeout=5)
        assert seen == [5]
        assert database.photos.count() == 3  # the writer itself
    assert database.photos.count() == 3


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    fill(database, PATHS)

    def fail_half_way() -> None:
        with database.writing():
            database.files.forget(PATHS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert database.photos.count() == 5


def test_a_library_kept_locked_is_a_busy_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database.open(folder, create=True).close()
    monkeypatch.setattr(sqlite, "WAIT", 0.1)
    with Database.open(folder) as database, closing(sqlite3.connect(folder / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError, match="locked"), database.writing():
            pass
        assert database.photos.count() == 0


def test_writing_outside_a_transaction_is_a_mistake_in_the_program(database: Database) -> None:
    with pytest.raises(RuntimeError, match="writing"):
        database.files.forget([b"/x"])


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        (b"/dev/sda1 / ext4 rw 0 0\n", None),
        (b"/dev/sda1 / ext4 rw 0 0\nnas:/photos {} nfs4 rw 0 0\n", "nfs4"),
        (b"//nas/photos {} cifs rw 0 0\n", "cifs"),
        (b"nas:/ / nfs rw 0 0\n/dev/sda1 {} ext4 rw 0 0\n", None),
        (b"me@host: {} fuse.sshfs rw 0 0\n", "fuse.sshfs"),
    ],
)
def test_a_network_share_is_recognised_by_its_mount(tmp_path: Path, mounts: bytes, expected: str | None) -> None:
    share = tmp_path / "my share"
    (share / "deep").mkdir(parents=True)
    (tmp_path / "mounts").write_bytes(mounts.replace(b"{}", bytes(share).replace(b" ", b"\\040")))
    assert network_filesystem(share / "deep" / "not yet there", tmp_path / "mounts") == expected


def test_a_library_on_a_network_share_is_refused_with_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "network_filesystem", lambda _: "nfs4")
    with pytest.raises(LibraryError, match=r"network share \(nfs4\)"):
        Database.open(folder, create=True)
