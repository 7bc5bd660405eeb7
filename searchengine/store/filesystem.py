"""What kind of disk a folder is on, and whether it can be written to. Knows nothing of what is kept there."""

from __future__ import annotations

import os
import re
from pathlib import Path

_NETWORK = re.compile(
    "nfs4?|cifs|smb[23]?|smbfs|afpfs|davfs|ncpfs|afs|ceph|glusterfs|lustre"
    "|fuse[.](sshfs|rclone|glusterfs|ceph|davfs2|smbnetfs|gvfsd-fuse)"
)
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


def writable(path: Path) -> bool:
    """Whether this user may write there: permissions, and file systems that are mounted for reading only."""
    return os.access(path, os.W_OK)
