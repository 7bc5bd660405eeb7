"""Photos into folders: copied, linked or moved, together with what belongs to them, and never over anything.

A file appears under its name whole or not at all. A name that is taken gets a number, the same for a photo, its RAW and
its sidecar, so that they stay together.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH100, PTH104, PTH108, PTH113, PTH114, PTH118, PTH119, PTH121, PTH211

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Sequence
from enum import StrEnum
from itertools import count
from pathlib import Path

from searchengine.errors import UsageError, printable
from searchengine.photos.files import sidecar_names
from searchengine.photos.formats import split_name


class Way(StrEnum):
    """How a photo comes into a folder."""

    COPY = "copy"
    LINK = "link"  # a symbolic link to where it stays
    MOVE = "move"


def belongings(photo: bytes, raws: Sequence[bytes] = ()) -> list[bytes]:
    """A photo, the RAWs of the same shot, and the sidecars of all of them that are there."""
    shots = [photo, *raws]
    sidecars = [name for shot in shots for name in sidecar_names(shot) if os.path.isfile(name)]
    return list(dict.fromkeys([*shots, *sidecars]))


def place(files: Sequence[bytes], folder: Path, way: Way) -> bool:
    """Put a photo, the first of `files`, and what belongs to it into a folder, which is made when it isn't there.

    Returns False when all of it lies there already. Raises UsageError when the folder can't be written to.
    """
    stem, _ = split_name(os.path.basename(files[0]))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            new = stem if number == 1 else stem + b" (%d)" % number
            targets = [os.path.join(os.fsencode(folder), new + os.path.basename(file)[len(stem) :]) for file in files]
            there = [_same(file, target) for file, target in zip(files, targets, strict=True)]
            if any(os.path.lexists(target) and not same for target, same in zip(targets, there, strict=True)):
                continue
            missing = [pair for pair, same in zip(zip(files, targets, strict=True), there, strict=True) if not same]
            for file, target in missing:
                _put(file, target, way)
            return bool(missing)
    except OSError as error:
        raise UsageError(
            f"{printable(files[0])} can't be put into {printable(folder)}: {error.strerror or error}.",
            "What was put there before stays; the same command goes on.",
        ) from error
    raise AssertionError  # the numbers don't end


def _same(file: bytes, target: bytes) -> bool:
    """Whether what lies at `target` is this file, or has its content."""
    return os.path.isfile(target) and (os.path.samefile(file, target) or filecmp.cmp(file, target, shallow=False))


def _put(file: bytes, target: bytes, way: Way) -> None:
    if way is Way.LINK:
        os.symlink(os.path.abspath(file), target)
        return
    if way is Way.MOVE and not os.path.islink(file) and _linked(file, target):
        os.unlink(file)
        return
    folder, name = os.path.split(target)
    partial = os.path.join(folder, b"." + name + b".part")
    try:
        shutil.copy2(file, partial)
        if not _linked(partial, target):  # the file system has no second names
            os.rename(partial, target)
    finally:
        if os.path.lexists(partial):
            os.unlink(partial)
    if way is Way.MOVE:
        os.unlink(file)


def _linked(file: bytes, target: bytes) -> bool:
    """Give a file a second name, which fails where that is taken. False where that can't be done."""
    try:
        os.link(file, target)
    except FileExistsError:
        raise
    except OSError:  # another disk, or a file system without
        return False
    return True
