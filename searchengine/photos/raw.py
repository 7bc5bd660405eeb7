"""Cameras' own formats: the picture that the camera put inside for showing, else a demosaic at half the size.

LibRaw reads them, through rawpy, which comes with the extra `raw`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, JpegImagePlugin

if TYPE_CHECKING:
    import rawpy

_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's flip to EXIF's orientation."""


class RawpyMissingError(Exception):
    """RAW photos need rawpy, which isn't installed."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A RAW, as far as it must be known to show it."""

    size: tuple[int, int]  # width, height of the picture as the sensor lies
    orientation: int  # how the sensor lay, EXIF's 1 to 8
    picture: bytes | Image.Image  # the camera's own JPEG, or the demosaiced RGB in sRGB; both as the sensor lies


def develop(data: bytes, *, at_least: int, max_pixels: int) -> Shot:
    """Open a RAW file: its preview where that has `at_least` pixels on both sides, else its sensor's data.

    Raises RawpyMissingError, DecompressionBombError above `max_pixels`, and whatever rawpy raises.
    """
    try:
        # Imported here: it is an extra, and brings a library that most collections never need.
        import rawpy
    except ImportError as error:
        raise RawpyMissingError from error

    with rawpy.imread(io.BytesIO(data)) as raw:
        sizes = raw.sizes
        if sizes.raw_width * sizes.raw_height > max_pixels:
            raise Image.DecompressionBombError
        size = (sizes.width, sizes.height)
        picture = _preview(raw, min(at_least, *size)) or _demosaiced(raw, half=min(size) >= 2 * at_least)
        return Shot(size, _ORIENTATIONS.get(sizes.flip, 1), picture)


def _demosaiced(raw: rawpy.RawPy, *, half: bool) -> Image.Image:
    return Image.fromarray(raw.postprocess(half_size=half, user_flip=0, use_camera_wb=True))


def _preview(raw: rawpy.RawPy, at_least: int) -> bytes | None:
    """The JPEG that the camera put into a RAW, when both its sides have so many pixels."""
    import rawpy

    try:
        thumbnail = raw.extract_thumb()
        if not isinstance(thumbnail.data, bytes):  # some put a bitmap there, always a small one
            return None
        size = JpegImagePlugin.JpegImageFile(io.BytesIO(thumbnail.data)).size
    except (rawpy.LibRawError, OSError, SyntaxError):
        return None
    return thumbnail.data if min(size) >= at_least else None
