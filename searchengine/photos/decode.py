"""A photo's bytes to upright sRGB pixels and its facts, whatever its format and however it is broken.

The one edge between this program and the codecs: everything they raise becomes PhotoUnreadableError with a reason a
person understands. Which codec reads which format stands in `codecs`, what is done about a file that ends early in
`truncation` and `repair`, colour in `color`, cameras' own formats in `raw`, the facts in `facts`.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from searchengine.errors import PhotoUnreadableError
from searchengine.photos import codecs, color, exif, raw, truncation
from searchengine.photos.facts import collect
from searchengine.photos.formats import HEAD, RAW_SUFFIXES, sniff, suffix_of
from searchengine.photos.repair import declared_length, repairs
from searchengine.records import DecodedPhoto

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from searchengine.records import Pixels, Stamp

MAX_PIXELS = 250_000_000
"""Larger photos are refused before memory is taken for them; the largest cameras of phones give 200 million."""

MAX_PASSES = 500
"""A JPEG that is drawn in more passes than this is refused. Cameras take some ten; each goes over the whole picture, so
that a small file made for it would keep a processor busy for hours."""

LARGE_PIXELS = 24_000_000
"""Pictures from here on are decoded one at a time, however many threads decode: each may take half a gigabyte. What is
decoded at reduced size, as most JPEGs are, is not large."""

DECODER = f"1 ({codecs.VERSIONS})"
"""Stands beside a failure, so that the file is tried again when this number, or a codec's version, changes."""

_TOO_LARGE = f"it has more than {MAX_PIXELS // 10**6} million pixels"
_TOO_MANY_PASSES = f"it is drawn in more than {MAX_PASSES} passes"
_CUT_OFF = "it is cut off"
_DAMAGED = "its content is damaged, or of an unusual kind"
_SIGNS_OF_AN_EARLY_END = ("truncated", "end of file", "requires a buffer", "incomplete")

_large_photo = threading.Lock()

START_OF_SCAN = b"\xff\xda"
"""A JPEG's marker (ITU-T T.81, table B.1), which a pass's own bytes never hold."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientation (CIPA DC-008, 4.6.5.1.6) to what turns the picture upright."""


def decode(
    data: bytes, *, path: bytes, at_least: int, stamp: Stamp | None = None, sidecar: bytes | None = None
) -> DecodedPhoto:
    """A photo's file, whole, to its pixels and facts.

    `at_least`: pixels that both sides must keep where the photo has them; larger photos come out reduced, which for a
    JPEG saves most of the time. `path` names the photo in errors, and tells RAW from TIFF. The date of the `stamp` is
    the last resort for when it was taken; `sidecar` is the XMP file beside it (`files.read_sidecar`).

    Raises PhotoUnreadableError. A photo whose end is missing comes out with `flaw` "truncated" when more than half of
    the picture is there.
    """
    with _translated(path):
        kind = _format_of(data, path)
        opened = _open_raw(data, path, at_least) if kind == "raw" else _open(kind, data, path, at_least)
        width, height = opened.size
        facts = collect(
            opened.source,
            opened.tags,
            sidecar,
            stamp,
            size=(height, width) if opened.orientation >= 5 else (width, height),
            format_name=_raw_format(path) if kind == "raw" else kind,
            flaw="truncated" if opened.truncated else None,
        )
        return DecodedPhoto(_pixels(opened), facts)


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A picture in memory, as it is stored: neither upright nor sRGB yet."""

    image: Image.Image  # flat, and reduced where it was much larger than asked for
    source: Image.Image  # what holds its metadata
    tags: Image.Exif
    size: tuple[int, int]  # the full one, as it is stored: width, height
    orientation: int  # EXIF's, 1 to 8
    truncated: bool


def _format_of(data: bytes, path: bytes) -> str:
    if not data:
        raise PhotoUnreadableError(path, "it is empty")
    kind = sniff(data[:HEAD])
    if kind is None:
        raise PhotoUnreadableError(path, "its content is no photo in a format that is known here")
    return "raw" if kind == "tiff" and suffix_of(path) in RAW_SUFFIXES else kind


def _raw_format(path: bytes) -> str:
    """The name of a camera's format, which its suffix tells: they are too alike inside."""
    suffix = suffix_of(path)
    return suffix[1:].decode() if suffix in RAW_SUFFIXES else "raw"


def _open(kind: str, data: bytes, path: bytes, at_least: int) -> _Opened:
    """Decode a picture of any format but RAW, repaired where it can't be decoded as it is."""
    try:
        return _load(kind, data, path, at_least)
    except PhotoUnreadableError:
        raise
    except Exception as error:
        for repaired, cut_off in repairs(kind, data):
            with contextlib.suppress(Exception):  # the first reason is the true one
                opened = _load(kind, repaired, path, at_least)
                return replace(opened, truncated=opened.truncated or cut_off)
        if declared_length(kind, data) > len(data):
            raise PhotoUnreadableError(path, _CUT_OFF) from error
        raise


def _load(kind: str, data: bytes, path: bytes, at_least: int) -> _Opened:
    image = codecs.open_image(kind, data)
    size = image.size
    if size[0] * size[1] > MAX_PIXELS:
        raise PhotoUnreadableError(path, _TOO_LARGE)
    if kind == "jpeg" and data.count(START_OF_SCAN) > MAX_PASSES:
        raise PhotoUnreadableError(path, _TOO_MANY_PASSES)

    def reopen(data: bytes) -> ImageFile:
        return _drafted(codecs.open_image(kind, data), at_least)

    image = _drafted(image, at_least)
    reduced = image.size != size
    with _turn(image.size):
        loaded, truncated = truncation.load(image, reopen, data)
        size = size if reduced else loaded.size  # a damaged HEIF may announce another than it has
        tags = exif.of_image(loaded)
        small = _reduced(color.flatten(loaded), at_least)
    # HEIF turns its pictures itself; its EXIF is only a copy of what was done (ISO/IEC 23008-12, A.2).
    orientation = 1 if kind == "heic" else exif.orientation(tags)
    return _Opened(small, loaded, tags, size, orientation, truncated)


def _drafted(image: ImageFile, at_least: int) -> ImageFile:
    """Have a JPEG decoded at a half, a quarter or an eighth of its size, which skips most of the work."""
    if image.format == "JPEG":  # HEIF's drafts are the thumbnails that a file brings, of whatever quality
        image.draft(None, (at_least, at_least))
    return image


def _open_raw(data: bytes, path: bytes, at_least: int) -> _Opened:
    """Decode a RAW: the JPEG inside it, or what its sensor saw."""
    with _large_photo:  # LibRaw takes memory for the whole sensor in any case
        shot = raw.develop(data, at_least=at_least, max_pixels=MAX_PIXELS)
    tags = exif.of_tiff(data)
    if isinstance(shot.picture, Image.Image):
        small = _reduced(shot.picture, at_least)
        return _Opened(small, shot.picture, tags, shot.size, shot.orientation, truncated=False)
    preview = _open("jpeg", shot.picture, path, at_least)
    size, orientation = shot.size, shot.orientation
    if (preview.size[0] > preview.size[1]) != (size[0] > size[1]):
        # Some cameras turn the preview themselves, most leave that to who shows it.
        size, orientation = size[::-1], 1
    return _Opened(preview.image, preview.source, tags or preview.tags, size, orientation, preview.truncated)


def _turn(size: tuple[int, int]) -> AbstractContextManager[object]:
    """A place among those who decode, which for a large picture is a place alone."""
    return _large_photo if size[0] * size[1] >= LARGE_PIXELS else contextlib.nullcontext()


def _reduced(image: Image.Image, at_least: int) -> Image.Image:
    """The smallest whole fraction of an image, by averaging, that keeps `at_least` pixels on both sides."""
    factor = min(image.size) // at_least
    return image.reduce(factor) if factor >= 2 else image


def _pixels(opened: _Opened) -> Pixels:
    """The picture in sRGB and upright, uint8 (height, width, 3)."""
    picture = color.to_srgb(opened.image, opened.source.info.get("icc_profile"))
    if opened.orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[opened.orientation])
    return np.array(picture)


@contextlib.contextmanager
def _translated(path: bytes) -> Iterator[None]:
    """Turn whatever a codec raises into PhotoUnreadableError."""
    try:
        yield
    except PhotoUnreadableError:
        raise
    except Exception as error:
        raise PhotoUnreadableError(path, _reason(error)) from error


def _reason(error: Exception) -> str:
    """A codec's exception in words."""
    detail = " ".join(str(error).split())[:100]
    match error:
        case Image.DecompressionBombError():
            return _TOO_LARGE
        case MemoryError():
            return "there is not enough memory for it"
        case raw.RawpyMissingError():
            return "it is a camera's RAW file, which takes the extra 'raw' (pip install 'searchengine[raw]')"
        case EOFError() | struct.error() | IndexError():
            return _CUT_OFF
        case _ if any(sign in detail.lower() for sign in _SIGNS_OF_AN_EARLY_END):
            return _CUT_OFF
        case KeyError():  # a codec looked up what it doesn't know; the key says nothing to a person
            return _DAMAGED
        case _:  # in one piece, as translations know it
            return f"its content is damaged, or of an unusual kind ({detail or type(error).__name__})"
