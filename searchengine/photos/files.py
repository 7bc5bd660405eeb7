"""A photo's file and the XMP file beside it: their stamps, and their bytes in one read.

Whatever can happen to a file between being seen and being read ends here, as a reason. What the bytes mean is
`decode`'s business.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH116, PTH122, PTH123

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Container

from searchengine.errors import PhotoUnreadableError
from searchengine.photos.formats import HEAD
from searchengine.records import Stamp

MAX_BYTES = 512 * 2**20
"""Larger files are refused: a file is read whole, and several at once."""

MAX_SIDECAR_BYTES = 8 * 2**20

# A FIFO in the place of a photo must not hang: opened so, it doesn't wait for a writer, and is then refused.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "there is no permission to read it",
    errno.EPERM: "there is no permission to read it",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.EIO: "the drive failed to read it",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EMFILE: "too many files are open",
}


def reason_of(error: OSError) -> str:
    """Why the operating system refused, in words."""
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()


def stamp_of(path: bytes) -> Stamp:
    """The stamp of one photo that was named, as a scan would give it.

    Raises PhotoUnreadableError where there is no such file, or it is a folder, a device or the like.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise PhotoUnreadableError(path, _why(error)) from error
    _refuse_irregular(path, status)
    return Stamp(status.st_size, status.st_mtime_ns, _sidecar_time(path))


def read(path: bytes, stamp: Stamp) -> bytes:
    """A file's bytes, read once.

    Raises PhotoUnreadableError when it can't be read, is no regular file, is too large, or is not, or no longer, the
    one that the stamp describes.
    """
    try:
        descriptor = os.open(path, _READ)
        try:
            data = _read_all(path, descriptor)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise PhotoUnreadableError(path, _why(error)) from error
    if (stamp.size, stamp.mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != stamp.size:
        raise PhotoUnreadableError(path, "it was being changed while it was read")
    return data


def read_head(path: bytes) -> bytes:
    """The first bytes of a file, enough for `formats.sniff`; empty when it can't be read."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    try:
        return os.read(descriptor, HEAD)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def sidecar_names(photo: bytes) -> tuple[bytes, ...]:
    """Where the XMP file that belongs to a photo may lie, the likeliest first; a name or a path."""
    stem = os.path.splitext(photo)[0]
    return (photo + b".xmp", photo + b".XMP", stem + b".xmp", stem + b".XMP")


def find_sidecar(photo: bytes, names: Container[bytes]) -> bytes | None:
    """The XMP file that belongs to a photo among the names in its folder."""
    return next((name for name in sidecar_names(photo) if name in names), None)


def read_sidecar(path: bytes, stamp: Stamp) -> bytes | None:
    """The bytes of the XMP file beside a photo, or None; never an error, since the photo is there without it."""
    if not stamp.sidecar_ns:
        return None
    for sidecar in sidecar_names(path):
        try:
            if stat.S_ISREG(os.stat(sidecar).st_mode):
                with open(sidecar, "rb") as file:
                    return file.read(MAX_SIDECAR_BYTES)
        except OSError:
            continue
    return None


def _sidecar_time(path: bytes) -> int:
    for sidecar in sidecar_names(path):
        try:
            status = os.stat(sidecar)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            return status.st_mtime_ns
    return 0


def _read_all(path: bytes, descriptor: int) -> bytes:
    before = os.fstat(descriptor)
    _refuse_irregular(path, before)
    if before.st_size > MAX_BYTES:
        raise PhotoUnreadableError(path, f"it is larger than {MAX_BYTES // 2**20} MB")
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        parts = []
        missing = before.st_size + 1  # one byte more than there should be shows that it grew
        while missing and (part := file.read(missing)):
            parts.append(part)
            missing -= len(part)
    return b"".join(parts)


def _refuse_irregular(path: bytes, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise PhotoUnreadableError(path, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoUnreadableError(path, "it is no regular file")


def _why(error: OSError | ValueError) -> str:
    # ValueError: a NUL inside the name.
    return reason_of(error) if isinstance(error, OSError) else "there is no such file"
