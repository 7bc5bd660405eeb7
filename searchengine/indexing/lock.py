"""One indexer at a time: a lock that names its holder, and that the system lets go of when the holder dies."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from searchengine.errors import LibraryBusyError, printable
from searchengine.store.filesystem import refusal


@contextmanager
def index_lock(folder: Path) -> Iterator[None]:
    """Be the only indexer of the library in `folder`.

    Raises LibraryBusyError at once, with who holds it; LibraryReadOnlyError and LibraryFullError.
    """
    lock = FileLock(folder / "index.lock", blocking=False)
    # The holder's name stands in a file of its own: where a lock is mandatory (Windows), the locked one can't be read.
    holder = folder / "index.holder"
    try:
        lock.acquire()
        try:
            holder.write_text(json.dumps(_ourselves()), encoding="utf-8")
        except OSError:
            lock.release()
            raise
    except Timeout:
        raise LibraryBusyError(
            f"The library at {printable(folder)} is being indexed by {_named(holder)}.",
            "Wait until that is done, or stop it; everything it has done so far is kept.",
        ) from None
    except OSError as error:
        raise refusal(error, folder / "index.lock") from error
    try:
        yield
    finally:
        try:
            holder.unlink(missing_ok=True)
        finally:
            lock.release()


def _ourselves() -> dict[str, str]:
    return {
        "pid": str(os.getpid()),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        "command": printable(shlex.join(sys.argv)),
    }


def _named(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']} ({who['command']})"
    except (OSError, ValueError, LookupError, TypeError):  # just taken, or just let go of
        return "another program"
