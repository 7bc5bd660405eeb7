"""Who reads and who writes: the transactions that the parts of the database work in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy import Connection, Engine

from searchengine.errors import LibraryReadOnlyError, printable
from searchengine.store.sqlite import translated

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection

T = TypeVar("T")


class Connections:
    """Connections for any number of threads. A reader is never blocked; writers take turns."""

    def __init__(self, engine: Engine, file: Path, *, read_only: bool) -> None:
        self.file = file
        self.read_only = read_only
        self._engine = engine
        self._thread = threading.local()
        self._remembered: dict[Hashable, tuple[int, object]] = {}  # with the version before it was worked out
        self._watching = threading.Lock()
        self._watcher: PoolProxiedConnection | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from: one state of the library, or the writer's own when this thread is writing."""
        writer = getattr(self._thread, "writer", None)
        if writer is not None:
            yield writer
            return
        with translated(self.file), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or with an exception none. Within another it is part of that one."""
        if self.read_only:
            raise LibraryReadOnlyError(
                f"The library at {printable(self.file.parent)} can't be written to.",
                "Check the permissions of the folder, or choose another library with --library.",
            )
        if getattr(self._thread, "writer", None) is not None:
            yield self._thread.writer
            return
        with translated(self.file), self._engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                self._thread.writer = connection
                try:
                    yield connection
                finally:
                    self._thread.writer = None

    def version(self) -> int:
        """A number that is another one whenever anything was written since, by this program or another."""
        # SQLite counts what others write, as one connection sees it: that one must stay the same and never write.
        with translated(self.file), self._watching:
            self._watcher = self._watcher or self._engine.raw_connection()
            return int(self._watcher.cursor().execute("PRAGMA data_version").fetchone()[0])

    def remembered(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What was worked out before under this key, unless something was written since. Nobody may change it."""
        if getattr(self._thread, "writer", None) is not None:  # which sees what others don't
            return work_out()
        version = self.version()
        known = self._remembered.get(key)
        if known is None or known[0] != version:
            self._remembered[key] = known = version, work_out()
        return cast("T", known[1])

    def each_remembered(
        self, key: Hashable, ids: Sequence[int], read: Callable[[Sequence[int]], dict[int, T]], most: int
    ) -> dict[int, T]:
        """The same for each of these ids by itself, those that there are; about so many are kept."""
        known = self.remembered(key, dict[int, T])  # a new one whenever something was written
        found = {each: value for each in ids if (value := known.get(each)) is not None}
        new = read([each for each in ids if each not in found])
        if len(known) + len(new) > most:
            known.clear()
        known.update(new)
        return found | new

    @property
    def writer(self) -> Connection:
        """The connection of the transaction that this thread is in."""
        writer: Connection | None = getattr(self._thread, "writer", None)
        if writer is None:
            raise RuntimeError("what writes must be called within `with database.writing():`")
        return writer

    def close(self) -> None:
        """Let go of the file."""
        if self._watcher is not None:
            self._watcher.close()
        self._engine.dispose()
