"""Between being seen and being read, anything can happen to a file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from searchengine.errors import PhotoUnreadableError
from searchengine.photos import files
from searchengine.photos.files import read, read_head, read_sidecar, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.photos.scan import Scan
from searchengine.records import Stamp


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"0123456789" * 1000)
    return path


def reason(path: Path, stamp: Stamp) -> str:
    with pytest.raises(PhotoUnreadableError) as caught:
        read(os.fsencode(path), stamp)
    return caught.value.reason


def test_a_file_is_read_whole(photo: Path) -> None:
    path = os.fsencode(photo)
    assert read(path, stamp_of(path)) == b"0123456789" * 1000


def test_a_named_photo_has_the_stamp_that_a_scan_gives_it(photo: Path) -> None:
    photo.with_suffix(".xmp").write_bytes(b"<x/>")
    (file,) = Scan(os.fsencode(photo.parent))
    assert stamp_of(file.path) == file.stamp
    assert file.stamp.sidecar_ns


def test_a_file_that_vanishes(photo: Path) -> None:
    stamp = stamp_of(os.fsencode(photo))
    photo.unlink()
    assert reason(photo, stamp) == "there is no such file"


@pytest.mark.parametrize("content", [b"longer" * 10_000, b"short", b""])
def test_a_file_that_changes_before_it_is_read(photo: Path, content: bytes) -> None:
    stamp = stamp_of(os.fsencode(photo))
    photo.write_bytes(content)
    assert reason(photo, stamp) == "it was being changed while it was read"


def test_a_file_that_changes_in_place_and_keeps_its_size(photo: Path) -> None:
    stamp = stamp_of(os.fsencode(photo))
    os.utime(photo, ns=(0, stamp.mtime_ns + 1))
    assert "changed" in reason(photo, stamp)


def test_a_file_that_grows_while_it_is_read(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = stamp_of(os.fsencode(photo))
    real = os.fstat
    calls = []

    def growing(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:
            with photo.open("ab") as file:
                file.write(b"more")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", growing)
    assert "changed" in reason(photo, stamp)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    any_stamp = Stamp(0, 0)
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(os.fspath(tmp_path / "plug.jpg"))
        assert reason(tmp_path / "pipe.jpg", any_stamp) == "it is no regular file"
        assert reason(tmp_path / "folder.jpg", any_stamp) == "it is a folder"
        assert reason(tmp_path / "plug.jpg", any_stamp)
        for name in ("pipe.jpg", "folder.jpg", "plug.jpg"):
            with pytest.raises(PhotoUnreadableError):
                stamp_of(os.fsencode(tmp_path / name))
    assert read_head(os.fsencode(tmp_path / "pipe.jpg")) == b""
    assert reason(Path("/dev/zero"), any_stamp) == "it is no regular file"


def test_a_pipe_with_a_writer_is_refused_too(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    ends = os.open(pipe, os.O_RDWR)  # both, so that nobody waits
    os.write(ends, b"\xff\xd8\xff")
    assert reason(pipe, Stamp(0, 0)) == "it is no regular file"
    os.close(ends)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.tif"
    with huge.open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)  # takes no room on the disk
    assert reason(huge, stamp_of(os.fsencode(huge))) == "it is larger than 512 MB"


def test_names_that_no_file_can_have() -> None:
    for path in (b"a\0b.jpg", b"x" * 5000, b""):
        with pytest.raises(PhotoUnreadableError):
            stamp_of(path)
        with pytest.raises(PhotoUnreadableError):
            read(path, Stamp(0, 0))


def test_reading_leaves_no_file_open(photo: Path, tmp_path: Path) -> None:
    path = os.fsencode(photo)
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    for _ in range(5):
        read(path, stamp_of(path))
        reason(tmp_path, Stamp(0, 0))
        read_head(path)
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestSidecars:
    @pytest.mark.parametrize("name", ["a.jpg.xmp", "a.xmp", "a.XMP"])
    def test_it_is_found_beside_the_photo(self, photo: Path, name: str) -> None:
        (photo.parent / name).write_bytes(b"<x/>")
        assert read_sidecar(os.fsencode(photo), stamp_of(os.fsencode(photo))) == b"<x/>"

    def test_the_one_that_names_the_photo_wins(self, photo: Path) -> None:
        (photo.parent / "a.xmp").write_bytes(b"general")
        (photo.parent / "a.jpg.xmp").write_bytes(b"special")
        assert read_sidecar(os.fsencode(photo), stamp_of(os.fsencode(photo))) == b"special"

    def test_a_photo_without_one(self, photo: Path) -> None:
        assert read_sidecar(os.fsencode(photo), stamp_of(os.fsencode(photo))) is None

    def test_one_that_vanished_or_is_a_pipe_is_as_if_it_were_not_there(self, photo: Path) -> None:
        assert read_sidecar(os.fsencode(photo), Stamp(1, 1, sidecar_ns=5)) is None
        os.mkfifo(photo.parent / "a.xmp")
        assert read_sidecar(os.fsencode(photo), Stamp(1, 1, sidecar_ns=5)) is None
        assert stamp_of(os.fsencode(photo)).sidecar_ns == 0


def test_a_fingerprint_is_of_the_bytes_alone() -> None:
    assert fingerprint(b"photo") == fingerprint(bytes(bytearray(b"photo")))
    assert fingerprint(b"photo") != fingerprint(b"Photo")
    assert len(fingerprint(b"photo")) == 16
    # XXH3's published value for nothing; were it another, every library would start anew.
    assert fingerprint(b"").hex() == "99aa06d3014798d86001c324468d497f"
