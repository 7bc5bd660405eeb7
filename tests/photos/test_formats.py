"""Which files are taken for photos."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from searchengine.photos import formats
from searchengine.photos.formats import HEAD, sniff, split_name, suffix_of
from tests.photos.pictures import encoded


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif"), ("TIFF", "tiff"), ("BMP", "bmp"),
        ("HEIF", "heic"), ("AVIF", "avif"), ("JPEG2000", "jp2"),
    ],
)  # fmt: skip
def test_the_first_bytes_tell_the_format(codec: str, name: str) -> None:
    assert sniff(encoded(Image.new("RGB", (20, 10), "red"), codec)[:HEAD]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw"),  # Canon's CR3
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "avif"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc", "heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\1isommp42", None),  # a film
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", None),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw"),  # Canon's CR2
        (b"IIRO\x08\0\0\0", "raw"),
        (b"BMW M3, a text", None),
        (b"%PDF-1.7", None),
        (b"", None),
        (b"\xff\xd8", None),
    ],
)
def test_other_first_bytes(head: bytes, name: str | None) -> None:
    assert sniff(head) == name


@given(st.binary(max_size=2 * HEAD))
def test_any_bytes_can_be_looked_at(head: bytes) -> None:
    sniff(head)


def test_suffixes() -> None:
    assert split_name(b"IMG_1.JPG") == (b"IMG_1", b".jpg")
    assert split_name(b"a.tar.gz") == (b"a.tar", b".gz")
    assert split_name(b"noname") == (b"noname", b"")
    assert split_name(b".hidden") == (b".hidden", b"")
    assert suffix_of(b"/a.dir/file") == b""


def test_no_suffix_means_two_things() -> None:
    assert not formats.PICTURE_SUFFIXES & formats.RAW_SUFFIXES
    assert not formats.PHOTO_SUFFIXES & formats.OTHER_SUFFIXES
    assert formats.STANDS_FOR_RAW <= formats.PICTURE_SUFFIXES
