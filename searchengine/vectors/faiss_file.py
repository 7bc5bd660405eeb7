"""A FAISS index as one file that opens in no time: memory-mapped, with a trailer that says what it was made from.

The file's layout, in this order and without padding; whole numbers are little-endian:

    FAISS bytes    an IndexScalarQuantizer of float16 rows, as `faiss.write_index` writes it
    ids            int64 (count,), ascending: the photo of each row
    FAISS bytes    where the rows were compressed: an IndexPQFastScan of them
    trailer        JSON, UTF-8: {"model", "count", "last_seq", "removals", "ids_at", "header", "checksum"}, and where
                   the rows were compressed "compressed": {"header", "header_bytes", "recall"}
    end            uint32: the trailer's length in bytes; then the eight bytes "SEVEC 1\\n"

FAISS reads from the front and doesn't mind what follows. Each `header` is the checksum (BLAKE2b, 16 bytes) of what
FAISS writes before the first row, `checksum` that of everything before the trailer. Opening checks the headers and all
lengths, which finds a torn file before FAISS sees it; `verify` also reads every byte. The compressed rows, an eighth of
the others, are read into memory. What to do without a usable file is up to the caller.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import faiss
import numpy as np

from searchengine.errors import LibraryDamagedError, printable
from searchengine.records import ModelIdentity
from searchengine.vectors.compressed import Compressed
from searchengine.vectors.faiss_index import FaissIndex, flat

MAGIC = b"SEVEC 1\n"
_END = struct.Struct(f"<I{len(MAGIC)}s")
_hasher = functools.partial(hashlib.blake2b, digest_size=16)
_CHUNK = 1 << 22  # bytes read at once when verifying
_STALE = 3600.0  # seconds after which a half-written file was left behind by a program that was killed


@dataclass(frozen=True, slots=True)
class Origin:
    """What an index was made from: of which model, and how far the database had come."""

    model: ModelIdentity
    last_seq: int  # the last embedding that is in it
    removals: int  # embeddings deleted or replaced until then


@dataclass(frozen=True, slots=True)
class _CompressedRows:
    header: str
    header_bytes: int
    recall: float


@dataclass(frozen=True, slots=True)
class _Trailer:
    origin: Origin
    count: int
    ids_at: int  # where the ids begin, in bytes
    header: str
    checksum: str
    compressed: _CompressedRows | None
    at: int  # where the trailer itself begins

    @property
    def ids_end(self) -> int:
        return self.ids_at + 8 * self.count


def write(path: Path, index: FaissIndex, origin: Origin) -> None:
    """Write the index beside its place and rename it into it, so that a reader meets the old file or the new one.

    Raises OSError when it can't be written; what was at `path` is then still there.
    """
    _clear_stale(path)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("x+b") as file:
            _write_to(file, index, origin)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path) -> tuple[FaissIndex, Origin]:
    """Open an index, mapped: its vectors are read from disk when a search needs them.

    Raises LibraryDamagedError when there is none, or what is there is torn or no index of ours.
    """
    with _translated(path), path.open("rb") as file:
        trailer = _read_trailer(file)
        file.seek(trailer.ids_at)
        ids = np.fromfile(file, "<i8", trailer.count).astype(np.int64, copy=False)
        codes_size = trailer.count * flat(trailer.origin.model.dim).code_size
        if _checksum(file, 0, trailer.ids_at - codes_size) != trailer.header:
            raise ValueError("its beginning is damaged")
        compressed, recall = None, 1.0
        if trailer.compressed is not None:
            compressed, recall = _read_compressed(file, trailer, trailer.compressed), trailer.compressed.recall
        mapped = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise ValueError("it was replaced while it was being opened")
        if mapped.ntotal != len(ids) or not (ids[1:] > ids[:-1]).all():
            raise ValueError("its ids don't belong to its rows")
    return FaissIndex.of(mapped, ids, compressed, recall), trailer.origin


def read_origin(path: Path) -> Origin:
    """What an index was made from, without opening it. Raises LibraryDamagedError as `read` does, for less damage."""
    with _translated(path), path.open("rb") as file:
        return _read_trailer(file).origin


def read_recall(path: Path) -> float | None:
    """The share of the nearest ten that searches of this index found when it was made; None: all rows are compared.

    Raises LibraryDamagedError as `read` does, for less damage.
    """
    with _translated(path), path.open("rb") as file:
        compressed = _read_trailer(file).compressed
    return None if compressed is None else compressed.recall


def verify(path: Path) -> None:
    """Open an index and compare every byte with the checksum. Raises LibraryDamagedError as `read` does."""
    read(path)
    with _translated(path), path.open("rb") as file:
        trailer = _read_trailer(file)
        if _checksum(file, 0, trailer.at) != trailer.checksum:
            raise ValueError("its checksum is wrong")


def _write_to(file: IO[bytes], index: FaissIndex, origin: Origin) -> None:
    hasher = _hasher()

    def put(data: bytes) -> None:
        hasher.update(data)
        file.write(data)

    _write_faiss(index.flat, put)
    ids_at = file.tell()
    put(index.ids.astype("<i8").tobytes())
    trailer = {
        "model": asdict(origin.model),
        "count": len(index),
        "last_seq": origin.last_seq,
        "removals": origin.removals,
        "ids_at": ids_at,
    }
    if index.compressed is not None:
        start = file.tell()
        _write_faiss(index.compressed.scan, put)
        length = file.tell() - start - index.compressed.scan.codes.size()
        trailer["compressed"] = asdict(_CompressedRows(_checksum(file, start, length), length, index.recall))
    trailer["header"] = _checksum(file, 0, ids_at - index.flat.codes.size())
    trailer["checksum"] = hasher.hexdigest()
    file.seek(0, os.SEEK_END)
    encoded = json.dumps(trailer).encode()
    file.write(encoded + _END.pack(len(encoded), MAGIC))


def _write_faiss(index: Any, put: Callable[[bytes], None]) -> None:
    """Have FAISS write through `put`; an error there (a full disk) comes out as what it was."""
    failed: list[OSError] = []

    def guarded(data: bytes) -> None:
        if failed:
            return
        try:
            put(data)
        except OSError as error:
            failed.append(error)

    faiss.write_index(index, faiss.PyCallbackIOWriter(guarded))  # type: ignore[attr-defined]  # hints lack it
    if failed:
        raise failed[0]


def _read_compressed(file: IO[bytes], trailer: _Trailer, compressed: _CompressedRows) -> Compressed:
    """The compressed rows of an open file. Raises ValueError when they aren't those of its rows."""
    if _checksum(file, trailer.ids_end, compressed.header_bytes) != compressed.header:
        raise ValueError("the beginning of its compressed rows is damaged")
    file.seek(trailer.ids_end)
    rows = Compressed(faiss.read_index(faiss.PyCallbackIOReader(file.read)))  # type: ignore[attr-defined]  # hints lack it
    if len(rows) != trailer.count or file.tell() < trailer.at:
        raise ValueError("its compressed rows aren't those of its rows")
    return rows


def _checksum(file: IO[bytes], start: int, length: int) -> str:
    """The checksum of a part of the file; of a header it is what tells FAISS how much memory to ask for."""
    file.seek(start)
    hasher = _hasher()
    while length > 0 and (chunk := file.read(min(length, _CHUNK))):
        hasher.update(chunk)
        length -= len(chunk)
    return hasher.hexdigest()


def _read_trailer(file: IO[bytes]) -> _Trailer:
    """The trailer of an open file. Raises ValueError when the file doesn't end as ours do."""
    size = file.seek(0, os.SEEK_END)
    if size < _END.size:
        raise ValueError("it is too short")
    file.seek(size - _END.size)
    length, magic = _END.unpack(file.read(_END.size))
    if magic != MAGIC or length > size - _END.size:
        raise ValueError("it doesn't end as an index does")
    file.seek(size - _END.size - length)
    fields = json.loads(file.read(length))
    origin = Origin(ModelIdentity(**fields["model"]), fields["last_seq"], fields["removals"])
    compressed = fields.get("compressed")
    trailer = _Trailer(
        origin,
        fields["count"],
        fields["ids_at"],
        fields["header"],
        fields["checksum"],
        compressed and _CompressedRows(**compressed),
        at=size - _END.size - length,
    )
    if trailer.ids_end > trailer.at or (trailer.ids_end < trailer.at) != bool(compressed):
        raise ValueError("its length is wrong")
    return trailer


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:  # RuntimeError: FAISS's own
        raise LibraryDamagedError(
            f"The vector index {printable(path)} can't be used: {error}.", "Run `searchengine doctor --repair`."
        ) from error


def _clear_stale(path: Path) -> None:
    """Remove what a program that was killed while writing left behind."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()
