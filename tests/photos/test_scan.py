"""Walking a folder finds every photo once, quickly, whatever lies about."""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH102, PTH119, PTH120, PTH123

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from searchengine.photos import scan as scanning
from searchengine.photos.scan import Scan
from tests.photos.pictures import PNG


def found(root: Path, *exclude: str) -> list[str]:
    """The photos under a root, as paths relative to it."""
    return [os.fsdecode(os.path.relpath(file.path, os.fsencode(root))) for file in Scan(os.fsencode(root), exclude)]


def put(root: Path, *names: str, content: bytes = PNG) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def no_opening(path: bytes) -> bytes:
    raise AssertionError(f"{path!r} was opened")


def test_photos_come_in_the_order_of_their_names_and_folders_after_files(tmp_path: Path) -> None:
    put(tmp_path, "b.jpg", "a.png", "z/1.jpg", "m/2.heic", "m/a/3.jpg", "C.JPG")
    assert found(tmp_path) == ["C.JPG", "a.png", "b.jpg", "m/2.heic", "m/a/3.jpg", "z/1.jpg"]


def test_a_stamp_says_size_and_time(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5, 1_234_567_891))
    (file,) = Scan(os.fsencode(tmp_path))
    assert (file.stamp.size, file.stamp.mtime_ns, file.stamp.sidecar_ns) == (len(PNG), 1_234_567_891, 0)


class TestWhatIsAPhoto:
    def test_known_suffixes_are_never_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path, "a.jpg", "b.NEF", "c.mp4", "d.pdf", "e.xmp")
        monkeypatch.setattr(scanning, "read_head", no_opening)
        walk = Scan(os.fsencode(tmp_path))
        assert [os.path.basename(file.path) for file in walk] == [b"a.jpg", b"b.NEF"]
        assert walk.not_photos == 3

    def test_other_suffixes_are_judged_by_content(self, tmp_path: Path) -> None:
        put(tmp_path, "noname", "photo.dat", "IMG_1.jpg~")
        put(tmp_path, "words", "words.dat", content=b"only words")
        walk = Scan(os.fsencode(tmp_path))
        assert [os.path.basename(file.path) for file in walk] == [b"IMG_1.jpg~", b"noname", b"photo.dat"]
        assert walk.not_photos == 2

    def test_what_the_library_knows_is_not_opened_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path, "noname")
        monkeypatch.setattr(scanning, "read_head", no_opening)
        assert len(list(Scan(os.fsencode(tmp_path), known=lambda path: path.endswith(b"noname")))) == 1

    def test_an_empty_file_of_a_known_suffix_is_found_for_its_failure_to_be_told(self, tmp_path: Path) -> None:
        put(tmp_path, "empty.jpg", content=b"")
        assert found(tmp_path) == ["empty.jpg"]

    def test_only_regular_files_are_photos(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "folder.jpg").mkdir()
        (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
        (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind(os.fspath(tmp_path / "s.jpg"))
            walk = Scan(os.fsencode(tmp_path))
            assert list(walk) == []
        assert walk.not_photos == 0

    def test_a_name_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = os.fsencode(tmp_path) + b"/caf\xe9/\xff\xfe.jpg"
        os.mkdir(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(PNG)
        for exclude in ((), ("*.png",)):
            assert [photo.path for photo in Scan(os.fsencode(tmp_path), exclude)] == [path]


class TestLeftOut:
    def test_hidden_and_foreign_folders_are_left_out(self, tmp_path: Path) -> None:
        put(tmp_path, ".git/a.jpg", "@eaDir/a.jpg", "x/node_modules/a.jpg", ".hidden.jpg", "x/._a.jpg", "x/a.jpg")
        assert found(tmp_path) == ["x/a.jpg"]

    def test_a_root_that_is_hidden_itself_is_walked(self, tmp_path: Path) -> None:
        put(tmp_path, ".photos/a.jpg")
        assert found(tmp_path / ".photos") == ["a.jpg"]

    def test_patterns_are_those_of_gitignore(self, tmp_path: Path) -> None:
        put(tmp_path, "a.jpg", "a.png", "b/a.jpg", "b/thumbs/a.jpg", "c/thumbs/a.jpg", "thumbs.jpg", "c/keep.png")
        assert found(tmp_path, "thumbs/", "*.png", "!keep.png", "/b/a.jpg") == ["a.jpg", "thumbs.jpg", "c/keep.png"]
        assert found(tmp_path, "/b") == ["a.jpg", "a.png", "thumbs.jpg", "c/keep.png", "c/thumbs/a.jpg"]
        assert found(tmp_path, "**/thumbs/*.jpg", "# a remark", "") == [
            "a.jpg",
            "a.png",
            "thumbs.jpg",
            "b/a.jpg",
            "c/keep.png",
        ]

    def test_what_is_left_out_is_no_other_file_either(self, tmp_path: Path) -> None:
        put(tmp_path, "a.txt", ".git/config", "x/b.mp4", content=b"words")
        walk = Scan(os.fsencode(tmp_path), ["x/"])
        assert list(walk) == []
        assert walk.not_photos == 1

    def test_apples_photo_library_shows_its_originals_only(self, tmp_path: Path) -> None:
        new, old = "Pictures/New.photoslibrary", "Old.photolibrary"
        put(tmp_path, f"{new}/originals/1/A.heic", f"{new}/resources/derivatives/1/A.jpeg", f"{new}/database/x.jpg",
            f"{new}/cover.jpg", f"{old}/Masters/2009/b.jpg", f"{old}/Thumbnails/b.jpg")  # fmt: skip
        assert found(tmp_path) == [f"{old}/Masters/2009/b.jpg", f"{new}/originals/1/A.heic"]
        assert found(tmp_path / new) == ["originals/1/A.heic"]


class TestLinks:
    def test_links_are_followed_without_going_round(self, tmp_path: Path) -> None:
        put(tmp_path, "root/a/1.jpg", "elsewhere/2.jpg")
        (tmp_path / "root/a/up").symlink_to(tmp_path / "root")
        (tmp_path / "root/a/self").symlink_to(tmp_path / "root/a")
        (tmp_path / "root/away").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere/back").symlink_to(tmp_path / "root")
        assert found(tmp_path / "root") == ["a/1.jpg", "away/2.jpg"]

    def test_a_folder_keeps_its_real_path_where_it_has_one(self, tmp_path: Path) -> None:
        put(tmp_path, "z/real/1.jpg")
        (tmp_path / "a").symlink_to(tmp_path / "z")
        assert found(tmp_path) == ["z/real/1.jpg"]

    def test_a_link_to_a_photo_is_a_photo(self, tmp_path: Path) -> None:
        put(tmp_path, "elsewhere/1.jpg", "root/2.jpg")
        (tmp_path / "root/1.jpg").symlink_to(tmp_path / "elsewhere/1.jpg")
        (file, _) = Scan(os.fsencode(tmp_path / "root"))
        assert file.path.endswith(b"root/1.jpg")
        assert file.stamp.size == len(PNG)

    def test_a_link_to_a_folder_that_is_away_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "drive").symlink_to(tmp_path / "unplugged")
        (tmp_path / "gone.jpg").symlink_to(tmp_path / "deleted.jpg")
        walk = Scan(os.fsencode(tmp_path))
        assert list(walk) == []
        assert walk.unreadable == [(os.fsencode(tmp_path / "drive"), "the link leads to nothing")]

    def test_a_root_that_is_a_link(self, tmp_path: Path) -> None:
        put(tmp_path, "real/1.jpg")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert found(tmp_path / "link") == ["1.jpg"]


class TestWhatBelongsTogether:
    def test_a_raw_comes_after_the_picture_that_stands_for_it(self, tmp_path: Path) -> None:
        put(tmp_path, "A.CR2", "a.jpg", "b.arw", "b.HEIC", "c.dng", "d/a.nef", "e.nef", "e.png")
        files = {os.path.relpath(file.path, os.fsencode(tmp_path)): file for file in Scan(os.fsencode(tmp_path))}
        assert list(files) == [b"a.jpg", b"b.HEIC", b"e.png", b"A.CR2", b"b.arw", b"c.dng", b"e.nef", b"d/a.nef"]
        beside = {name: file.beside and os.path.basename(file.beside) for name, file in files.items()}
        assert {name: other for name, other in beside.items() if other} == {b"A.CR2": b"a.jpg", b"b.arw": b"b.HEIC"}

    @pytest.mark.parametrize("sidecar", ["a.jpg.xmp", "a.xmp", "a.XMP", "a.jpg.XMP"])
    def test_a_sidecars_time_is_in_the_stamp(self, tmp_path: Path, sidecar: str) -> None:
        put(tmp_path, "a.jpg", sidecar, "b.jpg", "c.xmp")
        os.utime(tmp_path / sidecar, ns=(5, 77))
        assert [file.stamp.sidecar_ns for file in Scan(os.fsencode(tmp_path))] == [77, 0]

    def test_what_is_no_file_is_no_sidecar(self, tmp_path: Path) -> None:
        put(tmp_path, "a.jpg")
        os.mkfifo(tmp_path / "a.xmp")
        assert [file.stamp.sidecar_ns for file in Scan(os.fsencode(tmp_path))] == [0]

    def test_a_sidecar_serves_the_raw_and_its_picture(self, tmp_path: Path) -> None:
        put(tmp_path, "a.jpg", "a.cr2", "a.xmp")
        assert all(file.stamp.sidecar_ns for file in Scan(os.fsencode(tmp_path)))


class TestFoldersThatCannotBeEntered:
    def test_a_root_that_is_not_there(self, tmp_path: Path) -> None:
        walk = Scan(os.fsencode(tmp_path / "gone"))
        assert list(walk) == []
        assert walk.unreadable == [(os.fsencode(tmp_path / "gone"), "there is no such file")]

    def test_a_root_that_is_no_folder(self, tmp_path: Path) -> None:
        put(tmp_path, "a.jpg")
        walk = Scan(os.fsencode(tmp_path / "a.jpg"))
        assert list(walk) == []
        assert len(walk.unreadable) == 1

    def test_they_are_told_and_the_rest_is_walked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
        real = os.scandir

        def failing(path: bytes) -> os.ScandirIterator[bytes]:
            if path.endswith(b"/b"):
                raise OSError(5, "Input/output error")
            return real(path)

        monkeypatch.setattr(os, "scandir", failing)
        walk = Scan(os.fsencode(tmp_path))
        assert [os.path.basename(file.path) for file in walk] == [b"1.jpg", b"3.jpg"]
        assert walk.unreadable == [(os.fsencode(tmp_path / "b"), "the drive failed to read it")]

    @pytest.mark.skipif(os.name != "posix", reason="permissions are another matter elsewhere")
    def test_no_permission(self) -> None:
        with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
            root = Path(folder)
            put(root, "open/1.jpg", "locked/2.jpg", "blind/3.jpg")
            root.chmod(0o755)
            (root / "locked").chmod(0o000)
            (root / "blind").chmod(0o444)  # its names can be listed, and nothing else
            lines = as_nobody(root)
            (root / "locked").chmod(0o755)
            (root / "blind").chmod(0o755)
        assert lines == [
            "found open/1.jpg",
            "unreadable blind/3.jpg: there is no permission to read it",
            "unreadable locked: there is no permission to read it",
        ]


def as_nobody(root: Path) -> list[str]:
    """What a walk finds for somebody without special rights; root may read everything."""
    program = """
import os, sys
sys.path.insert(0, sys.argv[2])
from searchengine.photos.scan import Scan
root = os.fsencode(sys.argv[1])
if os.getuid() == 0:
    os.setuid(65534)
walk = Scan(root)
for file in walk:
    print("found", os.fsdecode(os.path.relpath(file.path, root)))
for path, reason in sorted(walk.unreadable):
    print("unreadable", os.fsdecode(os.path.relpath(path, root)) + ":", reason)
"""
    checkout = Path(scanning.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, root, checkout], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def test_walking_imports_no_codec() -> None:
    program = "import sys, searchengine.photos.scan; print([m for m in ('PIL', 'numpy', 'rawpy') if m in sys.modules])"
    checkout = Path(scanning.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
