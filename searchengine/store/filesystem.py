"""The disk that a library is on: of what kind it is, whether it can be written to, and why it refused."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from searchengine.errors import LibraryError, LibraryFullError, LibraryReadOnlyError, printable

_NETWORK = re.compile(
    "nfs4?|cifs|smb[23]?|smbfs|afpfs|davfs|ncpfs|afs|ceph|glusterfs|lustre"
    "|fuse[.](sshfs|rclone|glusterfs|ceph|davfs2|smbnetfs|gvfsd-fuse)"
)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_MOUNTS = Path("/proc/self/mounts")
_ESCAPED = re.compile(rb"\\([0-7]{3})")  # blanks in mount points stand as octal numbers there


def network_filesystem(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The name of the network file system that the folder is on ("nfs4", "cifs"), or None when it is on a local one.

    Where the system keeps no list of mounts in `mounts` (macOS, Windows), only network names are recognised.
    """
    where = os.path.realpath(folder)
    if where.startswith(("\\\\", "//")):
        return "a network name"
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return None
    kinds = {}
    for line in lines:
        _, point, name, *_ = line.split()
        kinds[_ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), point)] = name.decode()  # the last mount covers
    here = Path(where)
    kind = next((kinds[bytes(each)] for each in (here, *here.parents) if bytes(each) in kinds), "")
    return kind if _NETWORK.fullmatch(kind) else None


def refusal(error: OSError, path: Path) -> LibraryError:
    """What it means that the system refused to write something of the library, as our error."""
    name = printable(path)
    if error.errno in _FULL:
        return LibraryFullError(
            f"There is no room for {name}; everything up to the last batch is kept.",
            "Make room on that disk and run it again: it goes on where it stopped.",
        )
    if error.errno in _READ_ONLY:
        return LibraryReadOnlyError(
            f"{name} can't be written: {error.strerror}.",
            "Check the permissions there, or choose another library with --library or SEARCHENGINE_LIBRARY.",
        )
    return LibraryError(f"{name} can't be written: {error.strerror or error}.", "Check the disk.")


def writable(path: Path) -> bool:
    """Whether this user may write there: permissions, and file systems that are mounted for reading only."""
    return os.access(path, os.W_OK)
