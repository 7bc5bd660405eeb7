"""A consistent copy of a live library, and putting one back. Both are whole or not there at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from searchengine.errors import LibraryBusyError, LibraryDamagedError, NotFoundError, UsageError, printable
from searchengine.store.database import FILE, Database, check_is_library
from searchengine.store.filesystem import refusal
from searchengine.store.sqlite import copy_database, leave_write_ahead_log, names_this_program, open_engine


def backup(database: Database, file: Path) -> None:
    """Copy a library that is in use, by this program or others, to `file`; an older backup there is replaced.

    The copy is one state of the library and one file. Raises UsageError, also where another file is in its place,
    LibraryFullError, LibraryReadOnlyError.
    """
    if file.resolve() == database.file.resolve() or file.is_dir():
        raise UsageError(f"A backup can't be written to {printable(file)}.", "Name a new file for it.")
    if file.exists() and not _is_ours(file):
        raise UsageError(f"{printable(file)} is no backup, and isn't overwritten.", "Name a new file for it.")
    beside = file.with_name(file.name + ".part")
    _copy(database.file, beside, read_only=database.read_only)
    _put_in_place(beside, file)


def restore(folder: Path, file: Path, *, caches: Iterable[Path] = ()) -> None:
    """Make the backup `file` the library in `folder`, in place of the one that is there.

    No program may have that one open (LibraryBusyError), this one neither. It may be damaged. `caches` were made from
    it and know photos by numbers that may come to mean others, so they are removed before it is replaced. Raises
    NotFoundError, LibraryTooNewError and LibraryDamagedError (of the backup), LibraryFullError, LibraryReadOnlyError.
    """
    if not file.is_file():
        raise NotFoundError(f"There is no backup at {printable(file)}.")
    engine = open_engine(file, read_only=True)
    try:
        check_is_library(engine, file)
    except LibraryDamagedError as error:
        raise LibraryDamagedError(
            f"{printable(file)} is no backup of a library, or is damaged.",
            "Name a file that `searchengine backup` wrote.",
        ) from error
    finally:
        engine.dispose()
    library = folder / FILE
    beside = folder / f"{FILE}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error
    _copy(file, beside, read_only=True)
    try:
        _let_go(library)
    except LibraryBusyError:
        beside.unlink()
        raise
    try:
        for cache in caches:
            cache.unlink(missing_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error
    _put_in_place(beside, library)


def _copy(source: Path, target: Path, *, read_only: bool) -> None:
    try:
        target.unlink(missing_ok=True)
        try:
            copy_database(source, target, read_only=read_only)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refusal(error, target) from error


def _is_ours(file: Path) -> bool:
    """Whether a file says that it is a library's, whole or not: another program's database is none."""
    try:
        return names_this_program(file)
    except OSError as error:
        raise refusal(error, file) from error


def _let_go(library: Path) -> None:
    """Fold the library's log into it, so that nothing of it would be taken for part of another database."""
    if not library.exists():
        return
    try:
        leave_write_ahead_log(library)
    except LibraryDamagedError:
        for suffix in ("-wal", "-shm"):
            library.with_name(library.name + suffix).unlink(missing_ok=True)


def _put_in_place(beside: Path, file: Path) -> None:
    """Rename what is surely on the disk, so that a power failure leaves the old file or the new one."""
    try:
        _sync(beside)
        beside.replace(file)
        if os.name == "posix":  # elsewhere a folder can't be opened
            _sync(file.parent)
    except OSError as error:
        raise refusal(error, file) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
