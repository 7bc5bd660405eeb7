"""Broken and hostile files: a reason for each, or as much of the picture as is there; never a crash or a hang."""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from searchengine.errors import PhotoUnreadableError
from searchengine.photos import decode as decoding
from searchengine.photos import truncation
from searchengine.records import DecodedPhoto
from tests.photos.pictures import encoded, likeness, opened, png_chunk

# A person never sees these warnings; here they would be errors, and stand in the way of what happens then.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")

EVERY_FORMAT = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "JPEG2000"]


def reason(data: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(PhotoUnreadableError) as caught:
        opened(data, name)
    assert caught.value.path == name.encode()
    assert "\n" not in caught.value.reason
    return caught.value.reason


def test_an_empty_file() -> None:
    assert reason(b"") == "it is empty"


def test_a_text_file_with_a_photos_name() -> None:
    assert reason(b"These are only words.\n" * 50, "words.png").startswith("its content is no photo")


def test_only_a_beginning(cat: Image.Image) -> None:
    for codec in EVERY_FORMAT:
        assert reason(encoded(cat, codec)[:40])


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"quality": 95, "optimize": True}),
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("GIF", {"interlace": 0}),
    ],
)
class TestCutOff:
    def test_most_of_the_picture_is_shown_and_flagged(self, cat: Image.Image, codec: str, options: dict) -> None:
        image = cat.quantize() if codec == "GIF" else cat
        data = encoded(image, codec, **options)
        whole = opened(data).pixels
        photo = opened(data[: len(data) * 3 // 4])
        assert photo.facts.flaw == "truncated"
        assert (photo.facts.width, photo.facts.height) == (451, 300)
        assert photo.pixels.shape == whole.shape
        there = slice(140, None) if codec == "BMP" else slice(160)  # BMP begins at the bottom
        assert likeness(photo.pixels[there], whole[there]) < 0.5

    def test_less_than_half_of_it_is_unreadable(self, cat: Image.Image, codec: str, options: dict) -> None:
        image = cat.quantize() if codec == "GIF" else cat
        data = encoded(image, codec, **options)
        for quarter in (0.1, 0.25, 0.4):
            assert reason(data[: int(len(data) * quarter)]) == "it is cut off"


@pytest.mark.parametrize(("codec", "options"), [("WEBP", {}), ("WEBP", {"lossless": True}), ("HEIF", {}), ("AVIF", {})])
def test_a_file_that_says_how_long_it_is_shows_most_of_the_picture(cat: Image.Image, codec: str, options: dict) -> None:
    data = encoded(cat, codec, **options)
    whole = opened(data).pixels
    photo = opened(data[: len(data) * 9 // 10])
    assert photo.facts.flaw == "truncated"
    assert likeness(photo.pixels[:200], whole[:200]) < 1
    assert reason(data[: len(data) // 2]) == "it is cut off"


def test_a_progressive_jpeg_shows_all_of_the_picture_long_before_its_end(cat: Image.Image) -> None:
    data = encoded(cat, "JPEG", progressive=True)
    for part in np.linspace(0.2, 0.99, 12):  # some of these end inside the tables between two scans
        photo = opened(data[: int(len(data) * part)])
        assert photo.facts.flaw == "truncated"
        assert likeness(photo.pixels, cat) < 20


def test_a_truncated_jpeg_is_also_shown_at_reduced_size_and_upright(cat: Image.Image) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    data = encoded(cat.resize((1804, 1200)), "JPEG", exif=tags.tobytes())
    photo = opened(data[: len(data) * 9 // 10], at_least=300)
    assert photo.pixels.shape == (451, 300, 3)
    assert photo.facts.flaw == "truncated"


def test_a_missing_end_that_holds_no_picture_is_no_loss(cat: Image.Image) -> None:
    assert likeness(opened(encoded(cat, "PNG")[:-12]).pixels, cat) == 0
    photo = opened(encoded(cat, "JPEG", quality=95)[:-2])
    assert likeness(photo.pixels, cat) < 3


@pytest.mark.parametrize("quarter", [1, 2, 3])
@pytest.mark.parametrize("codec", EVERY_FORMAT)
def test_cut_at_every_quarter_is_shown_or_refused(cat: Image.Image, codec: str, quarter: int) -> None:
    data = encoded(cat, codec)
    photo = shown_or_refused(data[: len(data) * quarter // 4])
    if photo is not None:
        assert photo.facts.flaw == "truncated"
        assert photo.pixels.shape == (300, 451, 3)


def test_the_limit_holds_for_the_share_that_is_there(cat: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(cat, "PNG")[:100_000]  # of 223,000
    assert reason(data) == "it is cut off"
    monkeypatch.setattr(truncation, "MUST_SHOW", 0.2)
    assert opened(data).facts.flaw == "truncated"


def test_too_many_pixels_are_refused_before_memory_is_taken() -> None:
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * 40_000)
    rows = b"".join(packer.compress(row) for _ in range(1000)) + packer.flush()  # the rest of it can't matter
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    assert len(bomb) < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert reason(bomb) == "it has more than 250 million pixels"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.parametrize("codec", EVERY_FORMAT)
def test_the_cap_on_pixels_holds_for_every_format(
    cat: Image.Image, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(cat, codec)
    monkeypatch.setattr(decoding, "MAX_PIXELS", 451 * 300 - 1)
    assert "million pixels" in reason(data)
    monkeypatch.setattr(decoding, "MAX_PIXELS", 451 * 300)
    assert opened(data).facts.width == 451


def test_a_jpeg_that_is_drawn_over_and_over_is_refused_before_it_is_decoded(cat: Image.Image) -> None:
    """A million passes over 250 million pixels would fit into a few megabytes."""
    progressive = encoded(cat, "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xc4")  # the last pass, with its tables
    once_more = progressive[last:-2]

    def drawn(times: int) -> bytes:
        return progressive[:-2] + times * once_more + progressive[-2:]

    assert opened(drawn(300)).facts.flaw is None
    assert reason(drawn(decoding.MAX_PASSES)) == "it is drawn in more than 500 passes"


def test_too_little_memory_is_a_reason(cat: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.core, "new", none_left)
    assert reason(encoded(cat, "PNG")) == "there is not enough memory for it"


@given(st.binary(max_size=400), st.sampled_from(EVERY_FORMAT))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_bytes_behind_a_true_beginning(tail: bytes, codec: str) -> None:
    head = encoded(Image.new("RGB", (40, 30), "red"), codec)
    for cut in (12, 40, len(head) // 2):
        shown_or_refused(head[:cut] + tail)


def test_the_size_is_that_of_the_picture_and_not_what_a_damaged_header_says(small_cat: Image.Image) -> None:
    file = bytearray(encoded(small_cat, "HEIF"))
    width = file.index(b"clap") + 4  # of the part to be shown, four bytes
    file[width + 1] = 1  # 65,536 pixels more
    photo = opened(bytes(file))
    assert photo.pixels.shape == (photo.facts.height, photo.facts.width, 3)
    assert photo.facts.width < 65_536


@given(st.data())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("codec", EVERY_FORMAT)
def test_truncated_anywhere_with_any_byte_changed(small_cat: Image.Image, codec: str, data: st.DataObject) -> None:
    file = bytearray(encoded(small_cat, codec, **({"exif": EXIF} if codec in ("JPEG", "PNG", "WEBP", "TIFF") else {})))
    for _ in range(data.draw(st.integers(0, 3))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    shown_or_refused(bytes(file[: data.draw(st.integers(0, len(file)))]))


def shown_or_refused(data: bytes) -> DecodedPhoto | None:
    """The photo, if it can be shown; any other exception than ours fails the test."""
    try:
        photo = opened(data)
    except PhotoUnreadableError:
        return None
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == (photo.facts.height, photo.facts.width, 3)
    return photo


def _exif() -> bytes:
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0112] = "Maker", "Model", 6
    tags.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    tags.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    return tags.tobytes()


EXIF = _exif()


@pytest.fixture(scope="module")
def small_cat(cat: Image.Image) -> Image.Image:
    return cat.resize((60, 40))


@pytest.mark.slow
def test_a_corpus_of_malformed_files(shared_data: Path, tmp_path: Path) -> None:
    """568 files from a fuzzing corpus, in a program of their own, with 1 GiB of memory and two minutes."""
    with zipfile.ZipFile(shared_data / "malformed_images.zip") as archive:
        archive.extractall(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 568
    program = """
import json, os, resource, sys
from searchengine.errors import PhotoUnreadableError
from searchengine.photos.decode import decode
from searchengine.photos.files import read, stamp_of
from searchengine.photos.thumbnails import draw
resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
shown, reasons = 0, {}
for name in sys.stdin.read().splitlines():
    path = os.fsencode(name)
    try:
        stamp = stamp_of(path)
        draw(decode(read(path, stamp), path=path, at_least=448, stamp=stamp).pixels)
        shown += 1
    except PhotoUnreadableError as error:
        reasons[name] = error.reason
print(json.dumps({"shown": shown, "reasons": reasons}))
"""
    checkout = Path(decoding.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, input="\n".join(map(str, files)), capture_output=True, text=True,
        timeout=120, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert result["shown"] + len(result["reasons"]) == 568
    assert result["shown"] >= 120
    assert all(result["reasons"].values())
    assert not [reason for reason in result["reasons"].values() if "memory" in reason]
