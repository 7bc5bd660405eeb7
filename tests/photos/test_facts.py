"""What a photo's file, and the XMP file beside it, say about it."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, TiffImagePlugin

from searchengine.photos import codecs, exif, iptc, xmp
from searchengine.photos.decode import decode
from searchengine.photos.metadata import LONGEST, Metadata, file_time
from searchengine.records import PhotoFacts, Stamp
from tests.photos.pictures import encoded

TAKEN = datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as cameras write it
# A person never sees these warnings; here they would be errors, and stand in the way of what happens then.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

SMALL = Image.new("RGB", (40, 30), "red")


def made(
    base: dict[int, Any] | None = None, details: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> Image.Exif:
    """EXIF with these values in its main directory, its details and its place."""
    exif_of_photo = Image.Exif()
    for tag, value in (base or {}).items():
        exif_of_photo[tag] = value
    for directory, values in ((0x8769, details), (0x8825, gps)):
        for tag, value in (values or {}).items():
            exif_of_photo.get_ifd(directory)[tag] = value
    return exif_of_photo


def tags(
    base: dict[int, Any] | None = None, details: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> bytes:
    return made(base, details, gps).tobytes()


def with_xmp(said: bytes, codec: str) -> bytes:
    """A file of this format with an XMP packet inside."""
    if codec == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", said.decode())
        return encoded(SMALL, codec, pnginfo=chunks)
    if codec == "TIFF":
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        directory[700] = said
        return encoded(SMALL, codec, tiffinfo=directory)
    return encoded(SMALL, codec, xmp=said)


def packet(attributes: str = "", elements: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"'
        f' {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def words(caption: str = "", *keywords: str) -> bytes:
    """A packet with what people write."""
    items = "".join(f"<rdf:li>{keyword}</rdf:li>" for keyword in keywords)
    return packet(
        elements=f'<dc:description><rdf:Alt><rdf:li xml:lang="de">Hund</rdf:li><rdf:li xml:lang="x-default">{caption}'
        f"</rdf:li></rdf:Alt></dc:description><dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
    )


def iptc_block(caption: bytes, *keywords: bytes) -> bytes:
    fields = [(120, caption), *((25, keyword) for keyword in keywords)]
    return b"".join(b"\x1c\x02" + bytes([dataset]) + struct.pack(">H", len(text)) + text for dataset, text in fields)


def jpeg_with_iptc(block: bytes) -> bytes:
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    segment = b"Photoshop 3.0\0" + resource
    plain = encoded(SMALL, "JPEG")
    return plain[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + plain[2:]


def facts(data: bytes, stamp: Stamp | None = None, sidecar: bytes | None = None) -> PhotoFacts:
    return decode(data, path=b"a.jpg", at_least=100, stamp=stamp, sidecar=sidecar).facts


class TestDate:
    def test_exif_comes_first(self) -> None:
        data = encoded(SMALL, "JPEG", exif=tags({306: "2021:01:01 00:00:00"}, {0x9003: "2020:01:02 03:04:05"}))
        told = facts(data, Stamp(1, 10**18), packet('exif:DateTimeOriginal="2018-01-01T00:00:00"'))
        assert (told.taken_at, told.taken_from) == (TAKEN, "exif")

    def test_then_the_moment_of_digitising_and_of_the_last_change(self) -> None:
        digitised = tags({306: "2021:01:01 00:00:00"}, {0x9004: "2020:01:02 03:04:05"})
        assert facts(encoded(SMALL, "JPEG", exif=digitised)).taken_at == TAKEN
        assert facts(encoded(SMALL, "JPEG", exif=tags({306: "2020:01:02 03:04:05"}))).taken_at == TAKEN

    @pytest.mark.parametrize("place", ["inside", "beside"])
    @pytest.mark.parametrize("name", ["exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"])
    def test_then_xmp(self, place: str, name: str) -> None:
        said = packet(f'{name}="2020-01-02T03:04:05.25+02:00"')
        data = encoded(SMALL, "JPEG", **({"xmp": said} if place == "inside" else {}))
        told = facts(data, Stamp(1, 10**18), said if place == "beside" else None)
        assert (told.taken_at, told.taken_from) == (TAKEN, "xmp")

    def test_then_the_files_time(self) -> None:
        told = facts(encoded(SMALL, "JPEG"), Stamp(1, 1_600_000_000 * 10**9))
        assert told.taken_at == datetime.fromtimestamp(1_600_000_000)  # noqa: DTZ006 - this machine's local time
        assert told.taken_from == "file"

    def test_else_nothing(self) -> None:
        told = facts(encoded(SMALL, "JPEG"))
        assert (told.taken_at, told.taken_from) == (None, None)
        assert file_time(Stamp(1, 10**30)) is None

    @pytest.mark.parametrize(
        "written",
        ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "yesterday", "2020:13:45 99:99:99", "2020:01:02 03:04"],
    )
    def test_dates_that_are_none(self, written: str) -> None:
        told = facts(encoded(SMALL, "JPEG", exif=tags(details={0x9003: written})), Stamp(1, 10**18))
        assert told.taken_from == ("exif" if written.startswith("2020:01") else "file")

    @pytest.mark.parametrize(("written", "month", "day"), [("2020", 1, 1), ("2020-05", 5, 1), ("2020-05-06", 5, 6)])
    def test_xmp_may_name_the_day_alone(self, written: str, month: int, day: int) -> None:
        told = xmp.read(packet(f'photoshop:DateCreated="{written}"'))
        assert told.taken_at == datetime(2020, month, day)  # noqa: DTZ001 - as cameras write it


class TestCamera:
    @pytest.mark.parametrize(
        ("make", "model", "name"),
        [
            ("Canon", "Canon EOS R5", "Canon EOS R5"),
            ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
            ("Apple", "iPhone 15\0\0", "Apple iPhone 15"),
            ("", "X100", "X100"),
            ("FUJIFILM", "", "FUJIFILM"),
            ("  ", "\0", None),
        ],
    )
    def test_its_name(self, make: str, model: str, name: str | None) -> None:
        assert facts(encoded(SMALL, "JPEG", exif=tags({271: make, 272: model}))).camera == name

    def test_the_lens(self) -> None:
        assert facts(encoded(SMALL, "JPEG", exif=tags(details={0xA434: "RF24-70mm F2.8"}))).lens == "RF24-70mm F2.8"
        assert facts(encoded(SMALL, "JPEG", xmp=packet('aux:Lens="50mm"'))).lens == "50mm"


class TestPlace:
    def place(self, gps: dict[int, Any]) -> tuple[float, float] | None:
        return exif.read(made(gps=gps)).position

    def test_degrees_minutes_and_seconds(self) -> None:
        north_east = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
        assert self.place(north_east) == pytest.approx((52.52, 13.405))
        assert self.place({**north_east, 1: "S", 3: "W"}) == pytest.approx((-52.52, -13.405))

    @pytest.mark.parametrize(
        "gps",
        [
            {2: (52.0, 31.0, 12.0)},
            {2: (91.0, 0.0, 0.0), 4: (13.0, 0.0, 0.0)},
            {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
            {2: (TiffImagePlugin.IFDRational(1, 0),) * 3, 4: (1.0, 1.0, 1.0)},
            {2: "north", 4: "east"},
        ],
    )
    def test_a_place_that_is_none(self, gps: dict[int, Any]) -> None:
        assert self.place(gps) is None

    def test_it_is_told_with_the_photo(self) -> None:
        told = facts(encoded(SMALL, "JPEG", exif=tags(gps={1: "N", 2: (1.0, 30.0, 0.0), 3: "W", 4: (2.0, 15.0, 0.0)})))
        assert (told.latitude, told.longitude) == (1.5, -2.25)

    def test_xmp_writes_it_in_another_way(self) -> None:
        told = xmp.read(packet('exif:GPSLatitude="52,31.2N" exif:GPSLongitude="13,24,18W"'))
        assert told.position == pytest.approx((52.52, -13.405))


class TestWords:
    @pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_xmp_in_every_format(self, codec: str) -> None:
        told = facts(with_xmp(words("Ein Tag am Meer – 海", "dog", "beach", "dog"), codec))
        assert told.caption == "Ein Tag am Meer – 海"
        assert told.keywords == ("dog", "beach")

    @pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_exif_in_every_format(self, codec: str) -> None:
        said = tags({270: "A day", 271: "Canon", 272: "EOS"}, {0x9003: "2020:01:02 03:04:05"})
        told = facts(encoded(SMALL, codec, exif=said))
        assert (told.caption, told.camera, told.taken_at) == ("A day", "Canon EOS", TAKEN)

    def test_iptc(self) -> None:
        told = facts(jpeg_with_iptc(iptc_block("Grüße".encode(), b"dog", "Straße".encode("latin-1"))))
        assert told.caption == "Grüße"
        assert told.keywords == ("dog", "Straße")

    def test_what_was_written_beside_the_photo_comes_first_and_keywords_add_up(self) -> None:
        data = encoded(SMALL, "JPEG", exif=tags({270: "SONY DSC"}), xmp=words("inside", "a", "b"))
        told = facts(data, sidecar=words("beside", "c", "a"))
        assert told.caption == "beside"
        assert told.keywords == ("c", "a", "b")
        assert facts(data).caption == "inside"

    def test_a_caption_in_utf8_where_exif_wants_ascii(self) -> None:
        assert facts(encoded(SMALL, "JPEG", exif=tags({270: "Grüße 海".encode()}))).caption == "Grüße 海"

    def test_captions_are_tidy(self) -> None:
        assert facts(encoded(SMALL, "JPEG", exif=tags({270: "  a\x07b  "}))).caption == "a b"
        assert facts(encoded(SMALL, "JPEG", exif=tags({270: " " * 31}))).caption is None
        assert len(facts(encoded(SMALL, "JPEG", xmp=words("x" * 9000))).caption or "") == LONGEST

    def test_a_sidecar_in_another_encoding(self) -> None:
        text = '<?xml version="1.0" encoding="utf-16"?>' + words("Grüße").decode().split("?>", 1)[1]
        assert xmp.read(text.encode("utf-16")).caption == "Grüße"


class TestGarbageNeverFailsAPhoto:
    @pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP"])
    def test_exif(self, codec: str) -> None:
        whole = tags({270: "A day", 271: "Canon"}, {0x9003: "2020:01:02 03:04:05"}, {2: (1.0, 2.0, 3.0)})
        for garbage in (b"", b"Exif\0\0", b"Exif\0\0garbage", whole[:20], whole[: len(whole) // 2], b"\xff" * 100):
            assert facts(encoded(SMALL, codec, exif=garbage)).width == 40

    @pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
    def test_exif_of_which_a_part_was_overwritten(self, codec: str) -> None:
        whole = tags({270: "A day", 271: "Canon", 274: 6}, {0x9003: "2020:01:02 03:04:05"}, {2: (1.0, 2.0, 3.0)})[6:]
        data = encoded(SMALL, codec, exif=b"Exif\0\0" + whole)
        start = data.index(whole[:4])
        for offset in range(0, len(whole) - 24, 3):
            for byte in (b"\0", b"\x7f", b"\xff"):
                torn = facts(data[: start + offset] + byte * 4 + data[start + offset + 4 :])
                assert {torn.width, torn.height} == {40, 30}
                assert torn.flaw is None

    @pytest.mark.parametrize(("codec", "marker"), [("JPEG", 0xE0), ("JPEG", 0xE2), ("JPEG", 0xED), ("JPEG", 0xFE)])
    def test_segments_that_are_too_short(self, codec: str, marker: int) -> None:
        plain = encoded(SMALL, codec)
        for start in (b"JFIF", b"ICC_PROFILE\0", b"Photoshop 3.0\x008BIM", b""):
            segment = bytes([0xFF, marker]) + struct.pack(">H", len(start) + 2) + start
            assert facts(plain[:2] + segment + plain[2:]).width == 40

    def test_a_png_of_which_the_metadata_is_torn_after_the_picture(self) -> None:
        plain = encoded(SMALL, "PNG")
        torn = plain[:-12] + struct.pack(">I", 5) + b"tEXtwrongnone" + plain[-12:]
        told = facts(torn)
        assert (told.width, told.flaw) == (40, None)

    def test_xmp_and_sidecar(self) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
        outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
        for garbage in (b"", b"\0\0", b"<x", b"words", bomb, outside, words("whole")[:-30], b"\xff\xfe<"):
            assert facts(encoded(SMALL, "JPEG", xmp=garbage), sidecar=garbage).caption is None

    def test_values_of_the_wrong_type(self) -> None:
        wrong = made({270: 5, 271: (1, 2), 272: 7.5, 306: 9, 274: "up"}, {0x9003: 12, 0xA434: (3, 4)}, {2: 5, 4: b"x"})
        assert exif.read(wrong) == Metadata()
        assert exif.orientation(wrong) == 1

    def test_iptc(self) -> None:
        for garbage in (b"\x1c", b"\x1c\x02\x78\xff\xff", b"\x1c\x02\x78\0\x05ab", b"words", b"\xff" * 50):
            assert facts(jpeg_with_iptc(garbage)).width == 40

    @given(st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_any_bytes(self, garbage: bytes) -> None:
        assert isinstance(xmp.read(garbage), Metadata)
        assert isinstance(exif.read(exif.of_tiff(b"II*\0\x08\0\0\0" + garbage)), Metadata)
        assert facts(jpeg_with_iptc(iptc_block(b"a") + garbage)).width == 40

    def test_formats_without_iptc(self) -> None:
        assert iptc.read(codecs.open_image("png", encoded(SMALL, "PNG"))) == Metadata()
