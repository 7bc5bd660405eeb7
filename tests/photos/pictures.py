"""Files that the tests of `photos` make: photographs in every format, a colour profile, a camera's RAW."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from searchengine.photos.decode import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import DecodedPhoto, Pixels

WHOLE = 100_000
"""As `at_least`: give the photo at its full size."""


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
"""The smallest photo there is: one red pixel."""


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    """A file of this format, as Pillow or pillow-heif writes it."""
    stream = io.BytesIO()
    if format_name == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(stream, **options)
    else:
        image.save(stream, format_name, **options)
    return stream.getvalue()


def opened(data: bytes, name: str = "photo", at_least: int = WHOLE) -> DecodedPhoto:
    return decode(data, path=name.encode(), at_least=at_least)


def likeness(one: Pixels, other: Image.Image | Pixels) -> float:
    """The mean absolute difference of two pictures of one size, in grey levels of 255."""
    a, b = np.asarray(one, np.float32), np.asarray(other, np.float32)
    assert a.shape == b.shape
    return float(np.abs(a - b).mean())


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def deep_png(values: NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits a channel, from uint16 (height, width, 3 or 4)."""
    height, width, bands = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[bands], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def display_p3() -> bytes:
    """An ICC profile for Display P3, as phones embed it: P3's primaries and white D65, adapted to D50; sRGB's curve."""
    xyz = {
        b"wtpt": (0.96420, 1.0, 0.82491),
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    curve = b"para\0\0\0\0\0\3\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    name = "Display P3".encode("utf-16-be")
    tags = {
        b"desc": b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(name), 28) + name,
        **{tag: b"XYZ \0\0\0\0" + _fixed(*values) for tag, values in xyz.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        padded = value + b"\0" * (-len(value) % 4)
        table += struct.pack(">4sII", tag, offset + len(body), len(value))
        body += padded
    header = struct.pack(">I4sI4s4s4s12s4s", offset + len(body), b"test", 0x04300000, b"mntr", b"RGB ", b"XYZ ",
                         b"", b"acsp").ljust(68, b"\0") + _fixed(0.96420, 1.0, 0.82491)  # fmt: skip
    return header.ljust(128, b"\0") + table + body


def _fixed(*values: float) -> bytes:
    """ICC's s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def camera_raw(colours: Pixels, preview: bytes | None, orientation: int = 1) -> bytes:
    """A DNG: the sensor's red, green and blue of a picture, uint8 (height, width, 3), and a JPEG to show."""
    height, width = colours.shape[:2]
    sensor = np.empty((height, width), "<u2")
    for row, column, band in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        sensor[row::2, column::2] = ((colours[row::2, column::2, band] / 255.0) ** 2.2 * 65535).astype("<u2")
    identity = [value for row in range(3) for column in range(3) for value in (int(row == column), 1)]
    tags: dict[int, tuple[int, Any]] = {  # tag: (type, values)
        254: (4, [0]), 256: (4, [width]), 257: (4, [height]), 258: (3, [16]), 259: (3, [1]), 262: (3, [32803]),
        271: (2, b"Leica\0"), 272: (2, b"M11\0"), 273: (4, [0]), 274: (3, [orientation]), 277: (3, [1]),
        278: (4, [height]), 279: (4, [sensor.nbytes]), 306: (2, b"2019:05:06 07:08:09\0"), 330: (4, [0]),
        33421: (3, [2, 2]), 33422: (1, bytes([0, 1, 1, 2])), 50706: (1, bytes([1, 4, 0, 0])),
        50708: (2, b"Leica M11\0"), 50717: (3, [65535]), 50721: (10, identity), 50728: (5, [1, 1, 1, 1, 1, 1]),
        50778: (3, [21]),
    }  # fmt: skip
    if preview is None:
        del tags[330]
        return _tiff([(tags, sensor.tobytes())])
    shown = Image.open(io.BytesIO(preview))
    show = {
        254: (4, [1]), 256: (4, [shown.width]), 257: (4, [shown.height]), 258: (3, [8, 8, 8]), 259: (3, [7]),
        262: (3, [6]), 273: (4, [0]), 277: (3, [3]), 278: (4, [shown.height]), 279: (4, [len(preview)]),
    }  # fmt: skip
    return _tiff([(tags, sensor.tobytes()), (show, preview)])


def _tiff(directories: list[tuple[dict[int, tuple[int, Any]], bytes]]) -> bytes:
    """A little-endian TIFF of which the second directory hangs below the first (tag 330)."""
    formats = {1: "B", 3: "H", 4: "I", 5: "I", 10: "i"}
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 10: 8}
    body = b"II*\0" + struct.pack("<I", 8)
    starts = [8]
    for tags, _ in directories:
        starts.append(starts[-1] + 2 + 12 * len(tags) + 4)
    extra = b""
    for index, (tags, data) in enumerate(directories):
        values = {**tags, 273: (4, [starts[-1] + len(extra)])}
        extra += data + b"\0" * (len(data) % 2)
        if 330 in values:
            values[330] = (4, [starts[index + 1]])
        body += struct.pack("<H", len(values))
        for tag, (kind, value) in sorted(values.items()):
            packed = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{formats[kind]}", *value)
            count = len(packed) // sizes[kind]
            if len(packed) > 4:
                offset = starts[-1] + len(extra)
                extra += packed + b"\0" * (len(packed) % 2)
                packed = struct.pack("<I", offset)
            body += struct.pack("<HHI", tag, kind, count) + packed.ljust(4, b"\0")
        body += struct.pack("<I", 0)
    return body + extra
