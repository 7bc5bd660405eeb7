"""Folders that several programs share: they appear whole or not at all, and are measured while others write."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from searchengine.errors import ModelError, printable


@contextmanager
def alone(folder: Path, doing: str) -> Iterator[None]:
    """Only one program at a time does this in `folder`, which is made when it isn't there; others wait.

    Raises ModelError when it can't be written to, also for what fails so inside.
    """
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{doing}.lock"):
            yield
    except OSError as error:
        raise ModelError(
            f"The models' folder {printable(folder)} can't be written to: {error.strerror or error}.",
            "Give it room and rights, or name another with SEARCHENGINE_MODELS.",
        ) from error


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """An empty folder inside `folder`, gone afterwards unless it was `put` elsewhere. The caller is `alone`."""
    place = folder / "building"
    shutil.rmtree(place, ignore_errors=True)  # what a killed program left
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put(built: Path, final: Path) -> None:
    """Move a folder to its final name, on the same disk, in place of what is there."""
    final.parent.mkdir(parents=True, exist_ok=True)
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    built.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def bytes_in(folder: Path) -> int:
    """The size of everything below a folder, also while others write, rename and remove there."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total
