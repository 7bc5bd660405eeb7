"""XMP files beside photos, written when a person asks for it; the photo itself is never opened for writing.

A file that is there is added to, and replaced in one step; what can't be added to without risk stays as it is. How the
text is changed stands in `subjects`.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH105, PTH108, PTH116, PTH123

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from searchengine.photos.files import MAX_SIDECAR_BYTES, reason_of, sidecar_names
from searchengine.photos.formats import RAW_SUFFIXES, suffix_of
from searchengine.photos.subjects import ForeignXmpError, with_subjects


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What became, or would become, of the XMP file beside a photo."""

    path: bytes
    new: bool  # whether there was none
    problem: str | None = None  # why it was left as it is, as a clause


def add_subjects(photo: bytes, subjects: Sequence[str], *, dry_run: bool = False) -> Sidecar | None:
    """Add keywords to the XMP file beside a photo, or make it; None when it has them all.

    With `dry_run` nothing is written. Nothing is raised: what can't be done is said in `problem`.
    """
    path = _existing(photo)
    try:
        os.stat(photo)  # a file beside nothing would be of no use
        before = None if path is None else _read(path)
        after = with_subjects(before, subjects)
        target = path or _new_name(photo)
        if after is None:
            return None
        if not dry_run:
            _replace(target, before, after)
    except ForeignXmpError as error:
        return Sidecar(path or photo, path is None, str(error))
    except OSError as error:
        return Sidecar(path or _new_name(photo), path is None, reason_of(error))
    return Sidecar(target, path is None)


def _existing(photo: bytes) -> bytes | None:
    """The XMP file that the library reads for this photo, where there is one."""
    return next((name for name in sidecar_names(photo) if os.path.lexists(name)), None)


def _new_name(photo: bytes) -> bytes:
    """`x.jpg.xmp`; for a RAW `x.xmp`, as its cameras' and makers' programs have it."""
    suffix = suffix_of(photo)
    return (photo[: -len(suffix)] if suffix in RAW_SUFFIXES else photo) + b".xmp"


def _read(path: bytes) -> bytes:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise ForeignXmpError("it is no regular file")
    if status.st_size > MAX_SIDECAR_BYTES:
        raise ForeignXmpError(f"it is larger than {MAX_SIDECAR_BYTES // 2**20} MB")
    with open(path, "rb") as file:
        return file.read()


def _replace(target: bytes, before: bytes | None, after: bytes) -> None:
    """Put the new text in the file's place in one step, unless another program has changed it meanwhile."""
    target = os.path.realpath(target)  # a link stays one
    beside = b"%s.%s.tmp" % (target, secrets.token_hex(8).encode())
    try:
        with open(beside, "xb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if (_read(target) if os.path.lexists(target) else None) != before:
            raise ForeignXmpError("another program was changing it")
        if before is not None:
            shutil.copymode(target, beside)
        os.replace(beside, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(beside)
