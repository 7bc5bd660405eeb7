"""Who reads and who writes: the transactions that the parts of the database work in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from searchengine.errors import LibraryReadOnlyError, printable
from searchengine.store.sqlite import translated


class Connections:
    """Connections for any number of threads. A reader is never blocked; writers take turns."""

    def __init__(self, engine: Engine, file: Path, *, read_only: bool) -> None:
        self.file = file
        self.read_only = read_only
        self._engine = engine
        self._thread = threading.local()

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

    @property
    def writer(self) -> Connection:
        """The connection of the transaction that this thread is in."""
        writer: Connection | None = getattr(self._thread, "writer", None)
        if writer is None:
            raise RuntimeError("what writes must be called within `with database.writing():`")
        return writer

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
