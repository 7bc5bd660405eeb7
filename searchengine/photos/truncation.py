"""Loading an image of which the end may be missing, and telling how much of it is there.

Pillow can be told to load truncated images, but only for the whole process, and doesn't say what it made up. Here the
codec runs twice over two canvases of different colours: where the results differ, nothing was decoded. JPEG has a
better way: given the marker that it misses, the decoder shows all it can, and paints the rest grey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import GifImagePlugin, JpegImagePlugin

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MUST_SHOW = 0.5
"""The share of a picture that must be there for it to count as readable."""

_END_OF_JPEG = b"\xff\xd9"
_GREY = 128


def load(data: bytes, open_image: Callable[[bytes], ImageFile]) -> tuple[ImageFile, bool]:
    """Decode an image, and tell whether a part of it is missing.

    Raises what the codec raises when nothing, or less than `MUST_SHOW` of the picture, can be shown.
    """
    image = open_image(data)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:
        rescued, shown = _rescue(data, open_image)
        if shown <= MUST_SHOW:
            raise
        return rescued, True
    return image, False


def _rescue(data: bytes, open_image: Callable[[bytes], ImageFile]) -> tuple[ImageFile, float]:
    """As much of the image as can be shown, and the share of the picture that this is."""
    image = open_image(data)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image = open_image(data + _END_OF_JPEG)
        image.load()
        return image, 1 - _share_of_grey_rows(np.asarray(image))
    light = _load_over(image, _GREY)
    dark = _load_over(open_image(data), 0)
    missing = np.asarray(light) != np.asarray(dark)
    return light, 1 - float(missing.mean())


def _share_of_grey_rows(pixels: np.ndarray) -> float:
    """The share of the rows at the bottom that are nothing but the grey of coefficients that never came."""
    rows = pixels.reshape(len(pixels), -1).astype(np.int16)
    painted = np.flatnonzero((np.abs(rows - _GREY) > 1).any(axis=1))
    return 1 - (painted[-1] + 1) / len(rows) if len(painted) else 1.0


def _load_over(image: ImageFile, grey: int) -> ImageFile:
    """Decode as much as can be onto a canvas of this grey (the index, in a palette)."""
    if isinstance(image, GifImagePlugin.GifImageFile):
        image._frame_transparency = None  # or it would paint the canvas over before it begins
    image.load_prepare()
    canvas = image.im
    canvas.paste(grey if canvas.bands == 1 else (grey,) * canvas.bands, (0, 0, *canvas.size))
    try:
        image.load()
    except Exception:  # noqa: BLE001 - codecs raise anything; that it fails is known, what it painted counts
        image.tile = []  # there is nothing more to load
    return image
