"""Every colour mode to 8-bit sRGB: depth, palette, transparency, CMYK, colour profiles.

In two steps, so that a large picture can be made smaller in between: `flatten` to a plain 8-bit mode, then `to_srgb`.
"""

from __future__ import annotations

import functools
import io
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""A profile's colour space, as ICC names it, to the mode that it is for."""

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_FULL_SCALES = (2**8 - 1, 2**10 - 1, 2**12 - 1, 2**14 - 1, 2**16 - 1)


def flatten(image: Image.Image) -> Image.Image:
    """An image of any mode as "L", "RGB" or "CMYK": 8 bits deep, and what is transparent on white."""
    if image.mode in _DEEP_MODES:
        return Image.fromarray(to_8_bits(np.asarray(image)))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGB", layer.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    if image.mode == "1":
        return image.convert("L")
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        # Adobe writes ink upside down and says that it was Adobe; Pillow takes every CMYK JPEG for such a one.
        return ImageChops.invert(image)
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def to_8_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Deep grey, (h, w) of any integer or float dtype, to uint8, scaled by its range and never clipped.

    The range is the smallest full scale that holds every value (1.0 for floats; 8, 10, 12, 14 or 16 bits), so that
    12-bit values in a 16-bit file are not nearly black; values beyond all of these are stretched from lowest to
    highest.
    """
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # through a table, which takes an eighth of the memory
        full = next(scale for scale in _FULL_SCALES if values.max() <= scale)
        table = _scaled(np.arange(2**16), 0, full)
        eight: NDArray[np.uint8] = table[values]
        return eight
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    scales = (1.0, *_FULL_SCALES) if values.dtype.kind == "f" else _FULL_SCALES
    if low < 0 or high > scales[-1]:
        return _scaled(numbers, low, high)
    return _scaled(numbers, 0, next(scale for scale in scales if high <= scale))


def _scaled(numbers: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """From low...high to 0...255; what lies above is not asked for."""
    scale = 255 / ((high - low) or 1)
    return np.minimum((numbers - low) * scale + 0.5, 255).astype(np.uint8)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image as `flatten` returns it, with the ICC profile its file carries, as RGB in sRGB.

    A profile that is broken, or is for another kind of colour, is passed over: the picture is shown as if it had none.
    """
    if profile:
        try:
            transform = _transform(profile, image.mode)
            if transform is not None:
                return transform.apply(image)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            logger.debug("a colour profile was passed over: %s", error)
    return image.convert("RGB")


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where there is nothing to do. Safe to use from several threads."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if _PROFILE_MODES.get(source.profile.xcolor_space.strip()) != mode:
        return None
    if (source.profile.profile_description or "").startswith("sRGB"):
        return None
    return ImageCms.ImageCmsTransform(
        source, _SRGB, mode, "RGB", ImageCms.Intent.PERCEPTUAL, flags=ImageCms.Flags.NOCACHE
    )
