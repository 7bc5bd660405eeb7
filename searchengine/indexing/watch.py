"""Indexing again whenever something changes in the roots. What changed is found by the indexer itself."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator

import watchfiles

from searchengine.errors import LibraryBusyError, printable
from searchengine.indexing.pipeline import Indexer
from searchengine.indexing.roots import device_of
from searchengine.records import IndexReport
from searchengine.store.database import Database
from searchengine.store.roots import lies_in

logger = logging.getLogger(__name__)

QUIET_MS = 1000
"""How long nothing must change before it is looked at: a camera's card is copied file by file."""

AT_MOST_MS = 30_000
"""How long it is waited for quiet."""

LOOK_MS = 1000
"""How often it is seen whether a drive was plugged in or out."""


def watch(
    database: Database, indexer: Indexer, stop: threading.Event, *, on_report: Callable[[IndexReport], None]
) -> None:
    """Index every root now, each again when something in it changes, and all when a drive comes or goes.

    Ends when `stop` is set, which should be the indexer's own too, so that a run in progress ends with it. While
    another program is indexing, it waits. Raises as a run does otherwise.
    """
    while not stop.is_set():
        there = _there(database)
        waiting = {root.path for root in database.roots.all()}
        for changed in _changes(database, there, stop):
            waiting |= changed
            try:
                if waiting:
                    on_report(indexer.run(sorted(waiting)))
                waiting = set()
            except LibraryBusyError as error:
                logger.info("%s", error.what)
            if _there(database) != there:
                break
        else:
            return


def _there(database: Database) -> list[bytes]:
    """The roots that are there now, by path."""
    return [root.path for root in database.roots.all() if device_of(root, holds_files=True) is not None]


def _changes(database: Database, roots: list[bytes], stop: threading.Event) -> Iterator[set[bytes]]:
    """The roots in which something changed, and every second none; ends when `stop` is set.

    The first comes soon and is about nothing: from then on no change is missed.
    """
    ours = os.path.realpath(bytes(database.file.parent))  # where each run writes
    paths = [os.fsdecode(root) for root in roots if _is_watchable(root)]
    if not paths:
        while not stop.wait(LOOK_MS / 1000):
            yield set()
        return
    events = watchfiles.watch(
        *paths,
        watch_filter=None,
        debounce=AT_MOST_MS,
        step=QUIET_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
    )
    for event in events:
        touched = [os.fsencode(path) for _, path in event]
        yield {root for root in roots for path in touched if lies_in(path, root) and not lies_in(path, ours)}


def _is_watchable(root: bytes) -> bool:
    try:
        root.decode()
    except UnicodeDecodeError:
        logger.warning("%s can't be watched, as its name isn't UTF-8; index it by hand", printable(root))
        return False
    return True
