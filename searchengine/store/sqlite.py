"""What only SQLite knows: how it is opened, its transactions, its upsert, its error codes.

Another database would replace this file and the partial indexes in `schema.py`.
"""

from __future__ import annotations

import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    QueuePool,
    Select,
    Text,
    bindparam,
    case,
    cast,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from searchengine.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryFullError,
    LibraryReadOnlyError,
    printable,
)
from searchengine.store.schema import Base, Row

if TYPE_CHECKING:
    from searchengine.records import Ids

APPLICATION = 0x70686F74
"""Written into the file's header, so that another program's database isn't taken for a library."""

WAIT = 30.0
"""Seconds that a writer waits for its turn. Every transaction of ours is over in much less."""

CHUNK = 1000
"""Values bound to one statement; SQLite takes 32,766."""

LONGEST_PATTERN = 1000
"""Letters that are looked for by LIKE; SQLite takes 50,000 bytes, with what escaping adds."""


def open_engine(file: Path, *, read_only: bool) -> Engine:
    """Connections to the database in `file`, as many as there are threads that ask."""

    def connect() -> sqlite3.Connection:
        # isolation_level=None: the driver's own transactions leave out DDL, so ours are begun below.
        connection = sqlite3.connect(
            _read_only_address(file) if read_only else file,
            uri=read_only,
            timeout=WAIT,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        # With a write-ahead log, NORMAL never tears the database. A power failure may take the last transactions
        # with it, whole; a killed program takes none. What goes that way is indexed again by the next run.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.create_function("has_part", 2, _has_part, deterministic=True)
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=0)  # 0: none is closed
    event.listen(engine, "begin", _begin)
    return engine


def _has_part(text: str | bytes | None, part: str) -> bool:
    """`has_part` for texts that aren't ASCII; `part` is folded."""
    return text is not None and part in _folded(text)


def _folded(text: str | bytes) -> str:
    """A text as it is compared: without its case, and with accents as one letter, whichever way a disk writes them."""
    return unicodedata.normalize("NFC", printable(text) if isinstance(text, bytes) else text).casefold()


def _read_only_address(file: Path) -> str:
    """A URI, since that is how SQLite is told to write nothing.

    Readers of a write-ahead log share an index file beside it. In a folder where that can't be made, and without a
    log that must be read, nothing can be writing either, and SQLite may do without.
    """
    log = file.with_name(file.name + "-wal")
    settled = not log.exists() or log.stat().st_size == 0
    return f"file:{quote(bytes(file))}?mode=ro" + ("&immutable=1" if settled else "")


def _begin(connection: Connection) -> None:
    # A reader's transaction takes a lock only when it writes, and then too late to wait: it would fail at once.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def use_write_ahead_log(engine: Engine, file: Path) -> None:
    """Readers and a writer at the same time. Raises LibraryError where the file system can't do it."""
    with translated(file):
        raw = engine.raw_connection()
        try:
            mode = raw.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0]
        finally:
            raw.close()
    if mode != "wal":
        raise LibraryError(
            f"The library can't be kept at {printable(file.parent)}: the file system there has no shared memory.",
            "Choose a folder on a local disk with --library; the photos may stay where they are.",
        )


def leave_write_ahead_log(file: Path) -> None:
    """Fold the log into the database. Raises LibraryBusyError while anybody else has it open."""
    with translated(file), closing(sqlite3.connect(file, timeout=1)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def names_this_program(file: Path) -> bool:
    """Whether a file is a database whose header bears our mark (https://www.sqlite.org/fileformat.html, section 1.3).

    Raises OSError.
    """
    with file.open("rb") as stream:
        header = stream.read(72)
    return header.startswith(b"SQLite format 3\0") and header[68:] == APPLICATION.to_bytes(4)


def copy_database(source: Path, target: Path, *, read_only: bool) -> None:
    """Copy one state of a database that may be in use to a new file, which is complete without a log beside it."""
    address = _read_only_address(source) if read_only else source
    with translated(source), closing(sqlite3.connect(address, uri=read_only, timeout=WAIT)) as reading:
        reading.execute("SELECT count(*) FROM sqlite_master")
        with translated(target), closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE")


def upsert(connection: Connection, table: type[Base], rows: Sequence[Row], key: str) -> None:
    """Insert the rows; where there is one with the same `key`, the other columns get the new values."""
    if not rows:
        return
    statement = insert(table)
    changes = {name: statement.excluded[name] for name in rows[0] if name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changes), list(rows))


def insert_new(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert the rows; those that are there already, by any unique key, stay as they are."""
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


def read_ids(connection: Connection, query: Select[int]) -> Ids:
    """The ids that a query selects, int64 (n,), in its order.

    As one text: a row for each of 100,000 would take longer than everything else that a search does.
    """
    text = connection.scalar(select(func.group_concat(query.subquery().c[0])))
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def has_part(column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Whether a text, or a path, has this part, in any case and in any script.

    SQLite is quick but folds the case of ASCII alone, and a text is nothing else if it has as many letters as bytes.
    Any other text may hold even an ASCII part in other letters: "strasse" is in "Straße".
    """
    text, part = cast(column, Text), _folded(part)
    plain = func.length(text) == func.length(cast(column, LargeBinary))
    # LIKE folds as it goes, which is twice as quick as `lower`, but takes no longer pattern.
    short = len(part) < LONGEST_PATTERN
    found = text.contains(part, autoescape=True) if short else func.instr(func.lower(text), part) > 0
    return case((plain, found), else_=func.has_part(column, part, type_=Boolean))


def one_of(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a column has one of some ids, however many: those that a statement is executed with, as `these`.

    They are bound as one value: SQLAlchemy takes longer over hundreds than SQLite over the whole query.
    """
    return column.in_(select(func.json_each(bindparam("ids", type_=Text)).table_valued("value").c.value))


def these(ids: Sequence[int] | Ids) -> dict[str, str]:
    """The ids that a statement with `one_of` asks for."""
    return {"ids": "[" + ",".join(map(str, map(int, ids))) + "]"}


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values in parts that one statement can take."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _translation(error.orig, file) from error
        raise
    except sqlite3.Error as error:
        raise _translation(error, file) from error


def _translation(error: sqlite3.Error, file: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds of one error apart
    name = printable(file)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _disk_is_full(file)):
        return LibraryFullError(
            f"The disk that holds {name} is full; everything up to the last batch is kept.",
            "Make room there and run it again: it goes on where it stopped.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusyError(f"Another program keeps {name} locked.", "Wait for it or stop it, then try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return LibraryReadOnlyError(
            f"{name} can't be opened or written to ({error}).",
            "Check that its folder is there, and the permissions of both.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
        return LibraryDamagedError(
            f"{name} is damaged ({error}).",
            "Put back a backup with `searchengine restore FILE`, or move the file away and index again.",
        )
    return error  # a mistake of ours, to be seen as it is


def _disk_is_full(file: Path) -> bool:
    return shutil.disk_usage(file.parent).free < 1 << 20
