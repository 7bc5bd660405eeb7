"""The way into a library's database: opened, made, brought up to date, or refused with the reason.

What is in it is read and written by the parts, each in its own file.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from searchengine.errors import (
    LibraryDamagedError,
    LibraryError,
    LibraryMissingError,
    LibraryTooNewError,
    printable,
)
from searchengine.store.albums import Albums
from searchengine.store.captions import Captions, Sentences
from searchengine.store.concepts import Concepts
from searchengine.store.connections import Connections
from searchengine.store.embeddings import Embeddings
from searchengine.store.facets import Facets
from searchengine.store.failures import Failures
from searchengine.store.files import Files
from searchengine.store.filesystem import network_filesystem, refusal, writable
from searchengine.store.labels import Labels
from searchengine.store.looks import Looks
from searchengine.store.migrations import SCHEMA, upgrade
from searchengine.store.models import Models
from searchengine.store.photos import Photos
from searchengine.store.placeholders import Placeholders
from searchengine.store.probes import Probes
from searchengine.store.roots import Roots
from searchengine.store.searches import Searches
from searchengine.store.sqlite import APPLICATION, open_engine, translated, use_write_ahead_log

FILE = "library.db"
"""The database's name in the library's folder. SQLite keeps two more beside it while it is open."""


class Database:
    """One library's database, open. Threads may share it; reading needs no ceremony and never waits.

    Every method of every part may raise LibraryDamagedError, LibraryFullError, LibraryBusyError (when another
    program has kept it locked for half a minute) and, when it writes, LibraryReadOnlyError.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.roots = Roots(connections)
        self.files = Files(connections)
        self.photos = Photos(connections)
        self.looks = Looks(connections)
        self.placeholders = Placeholders(connections)
        self.models = Models(connections)
        self.embeddings = Embeddings(connections)
        self.failures = Failures(connections)
        self.labels = Labels(connections)
        self.probes = Probes(connections)
        self.searches = Searches(connections)
        self.concepts = Concepts(connections)
        self.albums = Albums(connections)
        self.facets = Facets(connections)
        self.captions = Captions(connections)
        self.sentences = Sentences(connections)

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """Open the library in `folder`; with `create`, make the folder and the library where there is none.

        A library that can't be written to is opened for reading. Raises LibraryMissingError, LibraryTooNewError,
        LibraryDamagedError, LibraryReadOnlyError (it would have to be made or brought up to date), LibraryFullError
        and, for a folder on a network share, LibraryError.
        """
        file = folder / FILE
        if not create and not file.exists():
            raise LibraryMissingError(
                f"There is no library at {printable(folder)}.", "Make one with `searchengine index FOLDER`."
            )
        _make_folder(folder)
        _refuse_network_share(folder)
        read_only = not (writable(folder) and (writable(file) or not file.exists()))
        engine = open_engine(file, read_only=read_only)
        try:
            if not read_only:
                use_write_ahead_log(engine, file)
            connections = Connections(engine, file, read_only=read_only)
            _bring_up_to_date(connections)
        except BaseException:
            engine.dispose()
            raise
        return cls(connections)

    @property
    def file(self) -> Path:
        """The database's file."""
        return self._connections.file

    @property
    def read_only(self) -> bool:
        """Whether this library can't be written to."""
        return self._connections.read_only

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction, all or nothing, in which the parts' writing methods are called. Keep it short."""
        return self._connections.writing()

    def reading(self) -> AbstractContextManager[Connection]:
        """One state of the library, for what the store's own files ask beyond the parts."""
        return self._connections.reading()

    def version(self) -> int:
        """A number that is another one whenever anything was written since: what was worked out before may be wrong."""
        return self._connections.version()

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error


def _refuse_network_share(folder: Path) -> None:
    kind = network_filesystem(folder)
    if kind is not None:
        raise LibraryError(
            f"The library can't be kept at {printable(folder)}: it is on a network share ({kind}), and the "
            "database's readers and writers meet in shared memory, which ends at one machine.",
            "Choose a folder on a local disk with --library; the photos may stay where they are.",
        )


def _bring_up_to_date(connections: Connections) -> None:
    if _version(connections) == SCHEMA:
        return
    with connections.writing() as connection:
        if _version(connections) < SCHEMA:  # another program may have been quicker
            upgrade(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def _version(connections: Connections) -> int:
    """The version of the tables, 0 for a database without any. Raises LibraryTooNewError and LibraryDamagedError."""
    name = printable(connections.file)
    with connections.reading() as connection:
        version, application, tables = (
            connection.exec_driver_sql(query).scalar_one()
            for query in ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
        )
    if application != APPLICATION and (tables or version):
        raise LibraryDamagedError(
            f"{name} is not a library but another program's database.", "Choose another folder with --library."
        )
    if version > SCHEMA:
        raise LibraryTooNewError(
            f"{name} was written by a newer version of searchengine (its tables are version {version}, this one "
            f"knows {SCHEMA}).",
            "Update searchengine, for example with `pip install --upgrade searchengine`.",
        )
    return int(version)


def check_is_library(engine: Engine, file: Path) -> None:
    """Raise LibraryTooNewError or LibraryDamagedError unless this version can open the database in `file`."""
    connections = Connections(engine, file, read_only=True)
    with translated(file):
        if _version(connections) == 0:
            raise LibraryDamagedError(f"{printable(file)} is empty.", "Choose another backup.")
