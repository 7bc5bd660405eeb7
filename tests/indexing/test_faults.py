"""Disks that fill up, files that change under the reader, drives that go away, and a second indexer."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import event

from searchengine.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryFullError,
    LibraryReadOnlyError,
    PhotoUnreadableError,
)
from searchengine.indexing import reader
from searchengine.indexing.lock import index_lock
from searchengine.indexing.pipeline import Indexer
from searchengine.records import FileState, Stamp
from searchengine.store import database as opening
from searchengine.store.database import Database
from searchengine.store.doctor import check
from tests.indexing.conftest import World, picture


def limit_pages(world: World, pages: int) -> None:
    """The database may not grow beyond this: what a full disk looks like to it."""

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    engine = world.database._connections._engine
    engine.dispose()
    event.listen(engine, "connect", limit)


def test_a_disk_that_fills_up_keeps_every_batch_before(world: World) -> None:
    for n in range(600):
        world.write(f"{n}.png", picture(n, side=4))
    limit_pages(world, 120)
    with pytest.raises(LibraryFullError, match="is full"):
        world.index()
    kept = len(world.shown())
    assert 0 < kept < 600
    assert check(world.database) == []
    limit_pages(world, 1_000_000)
    report = world.index()
    assert (report.embedded, report.unchanged) == (600 - kept, kept)


def test_a_disk_too_full_for_thumbnails_stops_the_run_and_blames_no_photo(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.paint("a.png", 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.thumbnails, "put", full)
    with pytest.raises(LibraryFullError, match="no room"):
        world.index()
    assert world.database.failures.all() == []


def test_a_database_that_is_torn_during_a_run_stops_it_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(*_: object) -> None:
        raise LibraryDamagedError("torn", "restore")

    world.paint("a.png", 1)
    monkeypatch.setattr(world.database.photos, "contents", torn)
    with pytest.raises(LibraryDamagedError):
        world.index()


def test_a_library_that_cannot_be_written_to_is_not_indexed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.paint("a.png", 1)
    world.database.close()
    monkeypatch.setattr(opening, "writable", lambda _: False)
    with Database.open(world.library) as database, pytest.raises(LibraryReadOnlyError):
        Indexer(database, world.model, world.thumbnails).run([bytes(world.photos)])


def test_a_second_indexer_is_told_who_the_first_is(world: World) -> None:
    with index_lock(world.library), pytest.raises(LibraryBusyError, match=f"process {os.getpid()} on .* since 2"):
        world.index()
    world.paint("a.png", 1)
    assert world.index().added == 1
    assert not (world.library / "index.holder").exists()


@pytest.mark.parametrize("holder", ["", "[]", "{}", json.dumps({"pid": 1})])
def test_a_holder_that_has_not_written_its_name_yet_is_another_program(world: World, holder: str) -> None:
    with index_lock(world.library):
        (world.library / "index.holder").write_text(holder)
        with pytest.raises(LibraryBusyError, match="another program"):
            world.index()


def test_other_programs_may_write_while_an_indexer_runs(world: World) -> None:
    for n in range(100):
        world.paint(f"{n}.png", n)
    with Database.open(world.library) as other:

        def write(_: object) -> None:
            with other.writing():
                other.roots.add(b"/elsewhere")

        assert world.index(progress=write).added == 100


def test_a_file_that_vanishes_before_it_is_read_was_never_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = world.paint("a.png", 1)
    new = world.paint("b.png", 2)
    known = world.paint("c.png", 3)
    world.index()
    os.utime(known)
    new = world.paint("new.png", 4)
    real = reader.read

    def vanish(path: bytes, stamp: Stamp) -> bytes:
        if path in (new, known):
            Path(os.fsdecode(path)).unlink(missing_ok=True)
        return real(path, stamp)

    monkeypatch.setattr(reader, "read", vanish)
    report = world.index()
    assert (report.added, report.unreadable, report.missing) == (0, 0, 1)
    assert list(world.places(FileState.MISSING)) == [known]
    assert kept in world.places()


def test_a_file_that_changes_while_it_is_read_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.paint("a.png", 1)
    real = reader.read
    attempts = []

    def change(path: bytes, stamp: Stamp) -> bytes:
        attempts.append(stamp)
        if len(attempts) == 1:
            world.paint("a.png", 2)
        return real(path, stamp)

    monkeypatch.setattr(reader, "read", change)
    assert world.index().added == 1
    assert len(attempts) == 2
    monkeypatch.undo()
    assert world.index().unchanged == 1  # it is known by the stamp of what was read
    assert list(world.places()) == [path]


def test_a_file_that_never_stops_changing_waits_for_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.paint("a.png", 1)

    def restless(path: bytes, stamp: Stamp) -> bytes:
        world.paint("a.png", stamp.mtime_ns % 7)
        raise PhotoUnreadableError(path, "it was being changed while it was read")

    monkeypatch.setattr(reader, "read", restless)
    report = world.index()
    assert [(failure.path, "changed" in failure.reason) for failure in report.failures] == [(path, True)]
    monkeypatch.undo()
    assert world.index().added == 1
    assert world.database.failures.all() == []


def test_what_lies_in_a_folder_that_cannot_be_opened_is_not_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.paint("open/a.png", 1)
    closed = world.paint("closed/b.png", 2)
    world.write("closed/torn.png", b"")
    world.index()
    real = os.scandir

    def refuse(path: bytes) -> object:
        if os.path.basename(path) == b"closed":  # noqa: PTH119
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = world.index()
    assert (report.unchanged, report.missing) == (1, 0)
    assert closed in world.places()
    assert len(world.database.failures.all()) == 1


def test_a_file_without_permission_is_a_failure_with_that_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.paint("a.png", 1)
    real = os.open

    def refuse(path: bytes, *options: int) -> int:
        if os.fsencode(path).endswith(b"a.png"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *options)

    monkeypatch.setattr(os, "open", refuse)
    report = world.index()
    assert [failure.reason for failure in report.failures] == ["there is no permission to read it"]


def test_an_unplugged_drive_is_away_and_comes_back_without_being_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        world.paint(f"{n}.png", n)
    world.index()
    aside = world.photos.with_name("unplugged")
    world.photos.rename(aside)
    report = world.index()
    assert (report.offline, report.missing) == (3, 0)
    assert len(world.shown()) == 3
    assert len(world.places(FileState.OFFLINE)) == 3
    aside.rename(world.photos)
    monkeypatch.setattr(reader, "read", None)
    assert world.index().unchanged == 3
    assert len(world.places()) == 3


def test_an_empty_mount_point_is_a_drive_that_is_away(world: World) -> None:
    """What is left where a drive was: an empty folder, on the device that holds the mount point."""
    world.paint("a.png", 1)
    world.index()
    with world.database.writing():
        world.database.roots.seen(1, "another device")
    (world.photos / "a.png").rename(world.photos.parent / "a.png")
    (world.photos / ".hidden").touch()
    report = world.index()
    assert (report.offline, report.missing) == (1, 0)
    (world.photos.parent / "a.png").rename(world.photos / "a.png")
    assert world.index().unchanged == 1


def test_a_folder_emptied_by_hand_is_not_away(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    (world.photos / "a.png").unlink()
    report = world.index()
    assert (report.offline, report.missing) == (0, 1)


def test_a_drive_unplugged_during_the_walk_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [world.paint(f"{n}.png", n) for n in range(3)]
    world.index()
    for path in paths:
        os.utime(path, ns=(5, 5))
    real = reader.read

    def unplug(path: bytes, stamp: Stamp) -> bytes:
        with suppress(FileNotFoundError):  # the other thread was quicker
            world.photos.rename(world.photos.with_name("unplugged"))
        return real(path, stamp)

    monkeypatch.setattr(reader, "read", unplug)
    report = world.index()
    assert report.missing == 0
    assert sorted(world.places(FileState.OFFLINE)) == paths


def test_a_stop_asked_for_keeps_what_is_done(world: World) -> None:
    for n in range(300):
        world.paint(f"{n}.png", n)
    stop = threading.Event()
    indexer = Indexer(world.database, world.model, world.thumbnails, stop=stop, threads=2)

    def after_some(_: object) -> None:
        if world.model.encoded_images:
            stop.set()

    report = indexer.run([bytes(world.photos)], progress=after_some)
    assert report.interrupted
    assert report.embedded == report.added == len(world.shown()) < 300
    stop.clear()
    again = indexer.run()
    assert not again.interrupted
    assert again.added == 300 - report.added


def test_an_interrupted_run_declares_nothing_missing(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    (world.photos / "a.png").unlink()
    for n in range(50):
        world.paint(f"x{n}.png", n + 2)

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    assert world.index(progress=interrupt).interrupted
    assert world.places(FileState.MISSING) == {}
