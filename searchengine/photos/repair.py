"""A photo's file changed so that a codec takes it which stumbled: without its metadata, or filled up to its length.

Garbage in the metadata must not cost the photo, and some codecs read metadata while they open a file. Others give up
on a file that is shorter than it says, and show what there is once zeros stand for what is missing. Only the outermost
structure of a format is known here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MUST_BE_THERE = 2 / 3
"""The share of a file's bytes that must be there to fill it up; they come in the order of the picture, nearly."""


def repairs(format_name: str, data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The file repaired in one way after the other, and whether a part of the picture is missing then."""
    match format_name:
        case "jpeg":
            yield _jpeg_without_metadata(data), False
        case "png":
            yield _png_without_metadata(data), False
        case "avif":
            yield data.replace(b"Exif", b"none"), False  # an item of a kind that nobody looks for
    declared = declared_length(format_name, data)
    if len(data) < declared < len(data) / MUST_BE_THERE:
        yield data.ljust(declared, b"\0"), True


def declared_length(format_name: str, data: bytes) -> int:
    """How long a file says that it is; 0 for formats that don't."""
    if format_name == "webp":
        return 8 + int.from_bytes(data[4:8], "little")
    if format_name not in ("heic", "avif"):
        return 0
    position = 0  # of a box (ISO/IEC 14496-12, 4.2)
    while position + 16 <= len(data):
        length, _, long_length = struct.unpack_from(">I4sQ", data, position)
        length = long_length if length == 1 else length
        if length < 8:  # 0: to the end of the file
            break
        position += length
    return position


def _jpeg_without_metadata(data: bytes) -> bytes:
    """Without the segments of applications (ITU-T T.81, B.2.4.6), but for Adobe's, which tells the colours."""
    kept, position = [data[:2]], 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = struct.unpack_from(">BH", data, position + 1)
        end = position + 2 + length
        if marker == 0xDA:  # the picture itself begins
            break
        if not (0xE0 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, data[position:]])


def _png_without_metadata(data: bytes) -> bytes:
    """Without the ancillary chunks (RFC 2083, 3.3), but for the one that tells what is transparent."""
    kept, position = [data[:8]], 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind[:1].isupper() or kind == b"tRNS":
            kept.append(data[position:end])
        position = end
    return b"".join(kept)
