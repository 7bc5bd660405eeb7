"""Watching folders: what changes in them is in the library soon after."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from searchengine.indexing.lock import index_lock
from searchengine.indexing.pipeline import Indexer
from searchengine.indexing.watch import watch
from searchengine.records import FileState, IndexReport
from tests.indexing.conftest import World

pytestmark = pytest.mark.slow


@contextmanager
def watching(world: World) -> Iterator[list[IndexReport]]:
    """A watch in the background; its reports."""
    stop = threading.Event()
    reports: list[IndexReport] = []
    indexer = Indexer(world.database, world.model, world.thumbnails, stop=stop, threads=2)
    thread = threading.Thread(target=watch, args=(world.database, indexer, stop), kwargs={"on_report": reports.append})
    thread.start()
    try:
        yield reports
    finally:
        stop.set()
        thread.join(timeout=15)
    assert not thread.is_alive()


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be within a while."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_what_is_added_edited_and_deleted_is_noticed(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    with watching(world) as reports:
        assert soon(lambda: len(reports) == 1)
        world.paint("deep/b.png", 2)
        assert soon(lambda: len(world.shown()) == 2)
        world.paint("a.png", 3)
        assert soon(lambda: world.model.encoded_images == 3)
        (world.photos / "deep" / "b.png").unlink()
        assert soon(lambda: len(world.places(FileState.MISSING)) == 1)


def test_a_run_does_not_wake_itself(world: World) -> None:
    """The library may lie among the photos, and each run writes to it."""
    world.paint("a.png", 1)
    world.index(world.photos.parent)
    with watching(world) as reports:
        assert soon(lambda: len(reports) == 1)
        world.paint("b.png", 2)
        assert soon(lambda: len(world.shown()) == 2)
        time.sleep(3)
        assert len(reports) == 2


def test_a_drive_that_comes_back_is_indexed(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    aside = world.photos.with_name("aside")
    world.photos.rename(aside)
    with watching(world) as reports:
        assert soon(lambda: len(reports) == 1)
        assert list(world.places(FileState.PRESENT)) == []
        aside.rename(world.photos)
        assert soon(lambda: len(world.places(FileState.PRESENT)) == 1)


def test_while_another_indexes_it_waits(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    world.paint("b.png", 2)
    with watching(world) as reports:
        with index_lock(world.library):
            known = len(reports)
            time.sleep(2)
            assert len(reports) <= known + 1
        assert soon(lambda: len(world.shown()) == 2)
