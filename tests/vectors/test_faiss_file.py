"""The index's file: opened without reading it all, never half-written, and known to be torn when it is."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from searchengine.errors import LibraryDamagedError
from searchengine.vectors import faiss_file
from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.samples import ids_of, origin, unit_vectors

DIM = 8
OLD_FILES = Path(__file__).with_name("old_files")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.faiss"


@pytest.fixture
def index() -> FaissIndex:
    index = FaissIndex(DIM)
    index.add(np.arange(100) * 3, unit_vectors(100, DIM))
    return index


def test_a_file_gives_back_what_was_written(path: Path, index: FaissIndex) -> None:
    faiss_file.write(path, index, origin(DIM, last_seq=123, removals=4, name="größe"))
    opened, where_from = faiss_file.read(path)
    assert where_from == origin(DIM, last_seq=123, removals=4, name="größe")
    assert opened.ids.tolist() == index.ids.tolist()
    query = unit_vectors(1, DIM, seed=1)[0]
    assert list(opened.search(query, 100)) == list(index.search(query, 100))
    faiss_file.verify(path)


def test_a_large_index_opens_without_being_read(path: Path) -> None:
    """Fifty megabytes of vectors: what opening takes must not depend on them."""
    index = FaissIndex(512)
    index.add(np.arange(50_000), np.tile(unit_vectors(500, 512), (100, 1)))
    faiss_file.write(path, index, origin(512))
    del index

    def seconds() -> float:
        start = time.perf_counter()
        faiss_file.read(path)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05  # the machine may be busy with something else


def test_an_open_file_serves_on_when_it_is_replaced(path: Path, index: FaissIndex) -> None:
    faiss_file.write(path, index, origin(DIM))
    opened, _ = faiss_file.read(path)
    before = list(opened.search(unit_vectors(1, DIM)[0], 5))
    faiss_file.write(path, FaissIndex(DIM), origin(DIM))
    assert list(opened.search(unit_vectors(1, DIM)[0], 5)) == before
    assert len(faiss_file.read(path)[0]) == 0


def test_writing_to_a_mapped_index_leaves_its_file_alone(path: Path, index: FaissIndex) -> None:
    faiss_file.write(path, index, origin(DIM))
    content = path.read_bytes()
    opened, _ = faiss_file.read(path)
    opened.add(ids_of(1, 3, 1000), unit_vectors(3, DIM, seed=2))
    opened.remove(ids_of(6))
    assert path.read_bytes() == content


def test_a_file_torn_anywhere_is_refused(path: Path, index: FaissIndex) -> None:
    faiss_file.write(path, index, origin(DIM))
    content = path.read_bytes()
    for length in [*range(0, len(content), 97), *range(len(content) - 40, len(content))]:
        path.write_bytes(content[:length])
        with pytest.raises(LibraryDamagedError):
            faiss_file.read(path)


def test_a_file_with_a_damaged_beginning_is_refused(path: Path, index: FaissIndex) -> None:
    """FAISS would take the sizes there at their word, and ask for gigabytes."""
    faiss_file.write(path, index, origin(DIM))
    content = path.read_bytes()
    header = content.index(b'{"model"') - 100 * 8 - 100 * 2 * DIM
    for place in range(header):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :])
        with pytest.raises(LibraryDamagedError, match="beginning"):
            faiss_file.read(path)


def test_a_changed_byte_is_found_by_verifying(path: Path, index: FaissIndex) -> None:
    faiss_file.write(path, index, origin(DIM))
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    faiss_file.read(path)
    with pytest.raises(LibraryDamagedError, match="checksum"):
        faiss_file.verify(path)


def test_no_file_another_file_and_a_folder_are_refused(path: Path) -> None:
    with pytest.raises(LibraryDamagedError, match="doctor"):
        faiss_file.read(path)
    path.write_bytes(os.urandom(5000))
    with pytest.raises(LibraryDamagedError):
        faiss_file.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(LibraryDamagedError):
        faiss_file.read(path)


def test_a_trailer_that_lies_is_refused(path: Path, index: FaissIndex) -> None:
    """Lengths that add up are not enough: the ids must be as many as the rows, and ascending."""
    faiss_file.write(path, index, origin(DIM))
    content = path.read_bytes()
    end = faiss_file._END
    length = end.unpack(content[-end.size :])[0]
    fields = json.loads(content[-end.size - length : -end.size])
    for lie in ({"count": 99, "ids_at": fields["ids_at"] + 8}, {"model": {"name": "x"}}, {"count": -1}):
        encoded = json.dumps({**fields, **lie}).encode()
        path.write_bytes(content[: -end.size - length] + encoded + end.pack(len(encoded), faiss_file.MAGIC))
        with pytest.raises(LibraryDamagedError):
            faiss_file.read(path)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    path: Path, index: FaissIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    faiss_file.write(path, index, origin(DIM))
    content = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        faiss_file.write(path, FaissIndex(DIM), origin(DIM))
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
def test_an_error_inside_faiss_comes_out_as_what_it_was(index: FaissIndex) -> None:
    with pytest.raises(OSError, match="No space"), open("/dev/full", "w+b", buffering=0) as full:  # noqa: PTH123  # a device
        faiss_file._write_to(full, index, origin(DIM))


def test_what_a_killed_writer_left_is_cleared_in_time(path: Path, index: FaissIndex) -> None:
    old, fresh = path.with_name("vectors.faiss.old.tmp"), path.with_name("vectors.faiss.new.tmp")
    old.touch()
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    fresh.touch()  # another program is writing it now
    faiss_file.write(path, index, origin(DIM))
    assert sorted(path.parent.iterdir()) == sorted([path, fresh])


@pytest.mark.parametrize("file", sorted(OLD_FILES.glob("*.faiss")), ids=lambda file: file.stem)
def test_files_of_every_version_open_for_ever(file: Path) -> None:
    """Each holds the unit vectors of dimension 4 under the ids 11, 22, 33, 44."""
    opened, where_from = faiss_file.read(file)
    faiss_file.verify(file)
    assert where_from == origin(4, last_seq=9, removals=2)
    for vector, id_ in zip(np.eye(4, dtype=np.float32), (11, 22, 33, 44), strict=True):
        assert list(opened.search(vector, 1)) == [(id_, 1.0)]
