"""A photo's file without its metadata, for when a codec stumbles over that: garbage in there must not cost the photo.

Only formats are here whose codecs read metadata while they open a file, and only their outermost structure is.
"""

from __future__ import annotations

import struct


def without_metadata(format_name: str, data: bytes) -> bytes:
    """The same picture without metadata; the data as it is for formats where that isn't known how."""
    match format_name:
        case "jpeg":
            return _jpeg(data)
        case "png":
            return _png(data)
        case "avif":
            return data.replace(b"Exif", b"none")  # an item of a kind that nobody looks for
        case _:
            return data


def _jpeg(data: bytes) -> bytes:
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


def _png(data: bytes) -> bytes:
    """Without the ancillary chunks (RFC 2083, 3.3), but for the one that tells what is transparent."""
    kept, position = [data[:8]], 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind[:1].isupper() or kind == b"tRNS":
            kept.append(data[position:end])
        position = end
    return b"".join(kept)
