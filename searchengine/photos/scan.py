"""Walking a folder for photos, quickly: a listing and a `stat` for each file, and nothing opened that needn't be.

What a photo is, by its name or its first bytes, stands in `formats`; reading it is `files`' business. Imports no
codec.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH116

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from searchengine.errors import UsageError
from searchengine.photos.files import find_sidecar, read_head, reason_of
from searchengine.photos.formats import (
    OTHER_SUFFIXES,
    PHOTO_SUFFIXES,
    RAW_SUFFIXES,
    STANDS_FOR_RAW,
    sniff,
    split_name,
    suffix_of,
)
from searchengine.records import FoundFile, Stamp

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LEFT_OUT = frozenset({b"@eaDir", b"node_modules", b"#recycle", b"$RECYCLE.BIN", b"System Volume Information"})
"""Folders left out wherever they are, besides everything hidden, such as `.git`."""

_PACKAGES = frozenset({b".photoslibrary", b".photolibrary", b".migratedphotolibrary", b".aplibrary"})
_PACKAGE_ORIGINALS = frozenset({b"originals", b"masters"})
"""Apple's photo libraries are folders: the originals in them are photos, the previews they keep beside are not."""

_Files = Mapping[bytes, "os.DirEntry[bytes]"]  # by name


@dataclass(slots=True)
class _Folders:
    """What is still to be walked."""

    real: list[bytes]  # a stack
    linked: list[bytes]  # a queue, for when the stack is empty


class Scan:
    """One walk over a root, in an order that depends on the names alone.

    Iterate over it once for its photos; `not_photos` and `unreadable` grow meanwhile. The RAWs of a folder come after
    its pictures, the folders in it after its files. Links to folders are followed last, into folders that weren't met
    yet: so a folder is walked once, and under its real path where that lies in the root.
    """

    def __init__(
        self, root: bytes, exclude: Sequence[str] = (), *, known: Callable[[bytes], bool] = lambda _: False
    ) -> None:
        """`exclude`: patterns as in a .gitignore file in the root. `known`: whether the library has a photo at this
        path, which then needn't be opened to see that it is one."""
        self.not_photos = 0  # files met that are no photos
        self.unreadable: list[tuple[bytes, str]] = []  # folders and files that couldn't be looked at, and why
        self._root = root
        self._known = known
        self._exclude = patterns(exclude) if exclude else None
        self._walked: set[tuple[int, int]] = set()  # folders, by device and inode

    def __iter__(self) -> Iterator[FoundFile]:
        waiting = _Folders(real=[self._root], linked=[])
        while waiting.real or waiting.linked:
            folder = waiting.real.pop() if waiting.real else waiting.linked.pop(0)
            try:
                if self._is_new(folder):
                    yield from self._photos_of(self._files_of(folder, waiting))
            except OSError as error:
                self.unreadable.append((folder, reason_of(error)))

    def _is_new(self, folder: bytes) -> bool:
        status = os.stat(folder)
        identity = (status.st_dev, status.st_ino)
        if identity in self._walked:
            return False
        self._walked.add(identity)
        return True

    def _files_of(self, folder: bytes, waiting: _Folders) -> _Files:
        """The files of a folder by name, in the names' order; the folders in it are put into `waiting`."""
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=attrgetter("name"))
        only_originals = suffix_of(folder) in _PACKAGES
        files, below = {}, []
        for entry in entries:
            name = entry.name
            if name.startswith(b".") or name in LEFT_OUT:
                continue
            if not _is_folder(entry):
                files[name] = entry
            elif self._is_excluded(entry.path + b"/") or (only_originals and name.lower() not in _PACKAGE_ORIGINALS):
                continue
            elif entry.is_symlink():
                waiting.linked.append(entry.path)
            else:
                below.append(entry.path)
        waiting.real.extend(reversed(below))
        return {} if only_originals else files

    def _photos_of(self, files: _Files) -> Iterator[FoundFile]:
        sidecars = {name for name in files if name.endswith((b".xmp", b".XMP"))}
        pictures: dict[bytes, bytes] = {}  # stem to path
        raws: list[tuple[bytes, os.DirEntry[bytes], Stamp]] = []
        for name, entry in files.items():
            path = entry.path
            stem, suffix = split_name(name)
            if (self._exclude is not None and self._is_excluded(path)) or (stamp := self._stamp(entry, suffix)) is None:
                continue
            if suffix not in PHOTO_SUFFIXES and not self._is_photo(path, suffix):
                self.not_photos += 1
                continue
            if sidecars and (sidecar := find_sidecar(name, sidecars)):
                stamp = Stamp(stamp.size, stamp.mtime_ns, _time_of(files[sidecar]))
            if suffix in RAW_SUFFIXES:
                raws.append((stem, entry, stamp))
                continue
            if suffix in STANDS_FOR_RAW:
                pictures.setdefault(stem.lower(), path)
            yield FoundFile(path, stamp)
        for stem, entry, stamp in raws:
            yield FoundFile(entry.path, stamp, beside=pictures.get(stem.lower()))

    def _stamp(self, entry: os.DirEntry[bytes], suffix: bytes) -> Stamp | None:
        """The stamp of a regular file; None for what has none: FIFOs, sockets, dangling links, what just vanished."""
        try:
            status = entry.stat()
        except FileNotFoundError:
            if entry.is_symlink() and suffix not in PHOTO_SUFFIXES:  # to a folder, perhaps, on a drive that is away
                self.unreadable.append((entry.path, "the link leads to nothing"))
            return None
        except OSError as error:
            self.unreadable.append((entry.path, reason_of(error)))
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Stamp(status.st_size, status.st_mtime_ns)

    def _is_photo(self, path: bytes, suffix: bytes) -> bool:
        if suffix in OTHER_SUFFIXES:
            return False
        return self._known(path) or sniff(read_head(path)) is not None

    def _is_excluded(self, path: bytes) -> bool:
        if self._exclude is None:
            return False
        return self._exclude.match_file(os.fsdecode(path[len(self._root) :].lstrip(b"/")))


def patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    """These lines of a .gitignore file, ready to be compared with. Raises UsageError when one is no pattern."""
    # Imported here: most roots leave nothing out.
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UsageError(
            f"Not every pattern is one as in a .gitignore file: {error}.", "Mend it or leave it away."
        ) from error


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into where we may not look: `stat` will say which
        return False


def _time_of(sidecar: os.DirEntry[bytes]) -> int:
    try:
        status = sidecar.stat()
    except OSError:
        return 0
    return status.st_mtime_ns if stat.S_ISREG(status.st_mode) else 0
