"""Thumbnails: small, quick to draw, whole or not there."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.photos.fingerprint import fingerprint
from searchengine.photos.thumbnails import Thumbnails, draw
from tests.photos.pictures import likeness

CONTENT = fingerprint(b"a photo")


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return image.size


@pytest.mark.parametrize(
    ("size", "thumbnail"),
    [
        ((1000, 750), (256, 192)),
        ((750, 1000), (192, 256)),
        ((100, 60), (100, 60)),
        ((5000, 3), (256, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_longer_side_has_at_most_256_pixels(size: tuple[int, int], thumbnail: tuple[int, int]) -> None:
    assert size_of(draw(np.zeros((size[1], size[0], 3), np.uint8))) == thumbnail


def test_it_looks_like_the_photo(cat: Image.Image) -> None:
    with Image.open(io.BytesIO(draw(np.asarray(cat.resize((1353, 900)))))) as thumbnail:
        assert likeness(np.asarray(thumbnail), cat.resize(thumbnail.size, Image.Resampling.BOX)) < 5


def test_what_is_put_can_be_got(tmp_path: Path, cat: Image.Image) -> None:
    thumbnails = Thumbnails(tmp_path / "thumbnails")
    assert thumbnails.get(CONTENT) is None
    jpeg = draw(np.asarray(cat))
    thumbnails.put(CONTENT, jpeg)
    assert thumbnails.get(CONTENT) == jpeg
    name = CONTENT.hex()
    assert thumbnails.path(CONTENT) == tmp_path / "thumbnails" / name[:2] / f"{name[2:]}.jpg"
    assert [path.name for path in (tmp_path / "thumbnails" / name[:2]).iterdir()] == [f"{name[2:]}.jpg"]


def test_a_torn_one_is_as_good_as_none(tmp_path: Path, cat: Image.Image) -> None:
    thumbnails = Thumbnails(tmp_path)
    jpeg = draw(np.asarray(cat))
    thumbnails.put(CONTENT, jpeg)
    for torn in (b"", jpeg[:500], b"\0" * len(jpeg)):
        thumbnails.path(CONTENT).write_bytes(torn)
        assert thumbnails.get(CONTENT) is None


def test_several_threads_put_and_get_the_same_one(tmp_path: Path, cat: Image.Image) -> None:
    thumbnails = Thumbnails(tmp_path)
    jpeg = draw(np.asarray(cat))

    def put_and_get(_: int) -> bytes | None:
        thumbnails.put(CONTENT, jpeg)
        return thumbnails.get(CONTENT)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(put_and_get, range(200))) == {jpeg}
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    thumbnails = Thumbnails(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        thumbnails.put(CONTENT, b"\xff\xd8\xff\xd9")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_only_what_is_still_wanted_is_kept(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path)
    other = fingerprint(b"another photo")
    for content in (CONTENT, other):
        thumbnails.put(content, draw(np.zeros((9, 9, 3), np.uint8)))
    (thumbnails.path(CONTENT).parent / "tmpabc.part").write_bytes(b"half")
    thumbnails.keep_only({CONTENT})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [thumbnails.path(CONTENT)]


def test_where_there_are_none_there_is_nothing_to_remove(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "nowhere")
    thumbnails.keep_only(set())
    assert not thumbnails.folder.exists()
