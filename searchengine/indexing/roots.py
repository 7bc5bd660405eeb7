"""Which folders a run is about, and whether they are there.

A root that is away must not be taken for an empty one: everything in it would be marked missing.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH111, PTH112, PTH116

from __future__ import annotations

import os
from collections.abc import Sequence

from searchengine.errors import UsageError, printable
from searchengine.photos.scan import patterns
from searchengine.records import Root
from searchengine.store.database import Database
from searchengine.store.roots import lies_in


def normal(folder: str | bytes | os.PathLike[str]) -> bytes:
    """A folder's own path: absolute, without links, so that a folder named in two ways is one root."""
    return os.path.realpath(os.path.expanduser(os.fsencode(folder)))


def watch_folders(database: Database, folders: Sequence[bytes], exclude: Sequence[str] | None) -> list[Root]:
    """Make the folders roots, and return those to walk: they and the roots that lie in them; all when none is named.

    Raises UsageError for a folder that isn't there and never was a root, and for a pattern that is none.
    """
    paths = list(dict.fromkeys(normal(folder) for folder in folders))
    known = {root.path for root in database.roots.all()}
    for path in paths:
        if path not in known and not os.path.isdir(path):
            raise UsageError(f"There is no folder {printable(path)}.", "Name a folder that holds photos.")
    if exclude:
        patterns(exclude)  # kept, a broken one would stop every later run
    if paths:
        with database.writing():
            for path in paths:
                database.roots.add(path, exclude)
    roots = database.roots.all()
    return [root for root in roots if not paths or any(root.path == path or lies_in(root.path, path) for path in paths)]


def device_of(root: Root, *, holds_files: bool) -> str | None:
    """The device that a root is on, when it is there; None when it is away.

    An unplugged drive often leaves its mount point behind, as an empty folder on another device. So a root in which
    the library knows files (`holds_files`), which is empty now and has changed its device, is away. One that was
    emptied by hand is on the device that it was on.
    """
    try:
        device = str(os.stat(root.path).st_dev)
        with os.scandir(root.path) as entries:
            empty = all(entry.name.startswith(b".") for entry in entries)
    except OSError:
        return None
    if empty and holds_files and root.device not in (None, device):
        return None
    return device
