"""EXIF (CIPA DC-008): which way is up, when, with what and where a photo was taken.

Pillow parses the bytes; what the values mean stands here.
"""

from __future__ import annotations

import contextlib
import io
import math
from datetime import datetime
from typing import TYPE_CHECKING

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from searchengine.photos.metadata import Metadata, position, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping


def of_image(image: Image.Image) -> Image.Exif:
    """An image's EXIF; empty when it has none that can be read."""
    try:
        return image.getexif()
    except Exception:  # noqa: BLE001  # the parser raises anything on hostile bytes, and metadata never fails a photo
        return Image.Exif()


def of_tiff(data: bytes) -> Image.Exif:
    """The EXIF of a file that is TIFF inside, as most RAW formats are; empty when it has none that can be read."""
    tags = Image.Exif()
    try:
        tags.load_from_fp(io.BytesIO(data))
    except Exception:  # noqa: BLE001  # as above
        return Image.Exif()
    return tags


def orientation(tags: Image.Exif) -> int:
    """How the stored picture lies, 1 (upright) to 8."""
    value = tags.get(Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read(tags: Image.Exif) -> Metadata:
    """What EXIF says of a photo."""
    details, gps = _sub(tags, IFD.Exif), _sub(tags, IFD.GPSInfo)
    dates = (details.get(Base.DateTimeOriginal), details.get(Base.DateTimeDigitized), tags.get(Base.DateTime))
    return Metadata(
        taken_at=next((date for date in map(_date, dates) if date), None),
        camera=_camera(_text(tags.get(Base.Make)), _text(tags.get(Base.Model))),
        lens=_text(details.get(Base.LensModel)),
        position=position(
            _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "S"),
            _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "W"),
        ),
        caption=_text(tags.get(Base.ImageDescription)),
    )


def _sub(tags: Image.Exif, directory: IFD) -> Mapping[int, object]:
    try:
        return tags.get_ifd(directory)
    except Exception:  # noqa: BLE001  # as above
        return {}


def _text(value: object) -> str | None:
    """EXIF's text is ASCII by the standard and UTF-8 in practice; Pillow reads it as Latin-1."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    with contextlib.suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    return tidy(value.split("\x00", 1)[0])


def _camera(make: str | None, model: str | None) -> str | None:
    """The camera's name; many models repeat their maker's."""
    if not make or not model:
        return model or make
    return model if model.lower().startswith(make.lower().split()[0]) else f"{make} {model}"


def _date(value: object) -> datetime | None:
    """EXIF's "YYYY:MM:DD HH:MM:SS"; None for the blanks and zeros that stand for an unknown date."""
    text = _text(value) or ""
    for form in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y:%m:%d %H:%M", "%Y:%m:%d"):
        try:
            return datetime.strptime(text[:19].strip(), form)  # noqa: DTZ007  # cameras write local time without a zone
        except ValueError:
            continue
    return None


def _degrees(value: object, reference: object, negative: str) -> float | None:
    """Degrees, minutes and seconds, and the letter of the half of the earth, to degrees."""
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        return None
    try:
        degrees = sum(float(part) / unit for part, unit in zip(value, (1, 60, 3600), strict=False))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not math.isfinite(degrees):
        return None
    return -degrees if (_text(reference) or "").upper().startswith(negative) else degrees
