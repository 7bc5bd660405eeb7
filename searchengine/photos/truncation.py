"""Loading an image of which the end may be missing, and telling how much of it is there.

Pillow can be told to load truncated images, but only for the whole process, and doesn't say what it made up. Here the
codec runs twice over two canvases of different colours: where the results differ, nothing was decoded. JPEG has a
better way: given the marker that it misses, the decoder shows all it can, and paints the rest grey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import JpegImagePlugin

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

MUST_SHOW = 0.5
"""The share of a picture that must be there for it to count as readable."""

MAX_PIXELS = 50_000_000
"""What is larger, and no JPEG, isn't rescued: two canvases and their difference take three times its memory."""

_END_OF_JPEG = b"\xff\xd9"
_BETWEEN_SCANS = (b"\xff\xc4", b"\xff\xda")  # define Huffman table, start of scan
_GREY = 128


def load(image: ImageFile, reopen: Callable[[bytes], ImageFile], data: bytes) -> tuple[ImageFile, bool]:
    """Decode an image that is open, and tell whether a part of it is missing; `reopen` opens the same bytes anew.

    Raises what the codec raises when no more than `MUST_SHOW` of the picture can be shown.
    """
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:
        rescued, shown = _rescue(reopen, data)
        if shown <= MUST_SHOW:
            raise
        # A JPEG may lack detail everywhere; others may have stumbled over what comes after the picture.
        return rescued, shown < 1 or rescued.format == "JPEG"
    return image, False


def _rescue(reopen: Callable[[bytes], ImageFile], data: bytes) -> tuple[ImageFile, float]:
    """As much of the image as can be shown, and the share of the picture that this is."""
    image = reopen(data)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image = _load_ended(reopen, data)
        return image, 1 - _share_of_grey_rows(np.asarray(image))
    if image.width * image.height > MAX_PIXELS:
        return image, 0
    _load_over(image, 0)
    other = reopen(data)
    _load_over(other, 1)
    missing = np.asarray(image) != np.asarray(other)
    return image, 1 - float(missing.mean())


def _load_ended(reopen: Callable[[bytes], ImageFile], data: bytes) -> ImageFile:
    """Decode as much of a JPEG as can be, by ending it where it stops."""
    try:
        image = reopen(data + _END_OF_JPEG)
        image.load()
    except OSError:  # a progressive one may stop inside the tables between two of its scans: then it ends before them
        image = reopen(data[: max(map(data.rfind, _BETWEEN_SCANS))] + _END_OF_JPEG)
        image.load()
    return image


def _share_of_grey_rows(pixels: NDArray[np.uint8]) -> float:
    """The share of the rows at the bottom that are nothing but the grey of coefficients that never came."""
    rows = pixels.reshape(len(pixels), -1).astype(np.int16)
    painted = np.flatnonzero((np.abs(rows - _GREY) > 1).any(axis=1))
    return 1 - (int(painted[-1]) + 1) / len(rows) if len(painted) else 1.0


def _load_over(image: ImageFile, ink: int) -> None:
    """Decode as much as can be onto a canvas of this value in every band."""
    prepare = image.load_prepare

    def prepare_painted() -> None:
        prepare()
        bands = image.im.bands
        image.im.paste(ink if bands == 1 else (ink,) * bands, (0, 0, *image.im.size))

    image.load_prepare = prepare_painted  # type: ignore[method-assign]  # the codec calls it once, before it paints
    try:
        image.load()
    except Exception:  # noqa: BLE001  # codecs raise anything; that it fails is known, and what it painted counts
        image.tile = []  # there is nothing more to load
