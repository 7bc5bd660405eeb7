"""A photo's facts put together from everything that says something of it.

For what the camera knows, EXIF comes first; for what people write, their photo program's XMP does, the file beside
the photo before the packet inside it. How each is read stands in `exif`, `xmp` and `iptc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL.ImageFile import ImageFile

from searchengine.photos import exif, iptc, xmp
from searchengine.photos.metadata import Metadata, file_time
from searchengine.records import PhotoFacts

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

    from searchengine.records import Stamp


def collect(
    image: Image.Image,
    tags: Image.Exif,
    sidecar: bytes | None,
    stamp: Stamp | None,
    *,
    size: tuple[int, int],
    format_name: str,
    flaw: str | None,
) -> PhotoFacts:
    """The facts of an image that is loaded, with its EXIF; `size` is the full one, upright: (width, height)."""
    from_exif = exif.read(tags)
    beside, inside = xmp.read(sidecar), xmp.read(image.info.get("xmp"))
    from_iptc = iptc.read(image) if isinstance(image, ImageFile) else Metadata()
    camera_first = (from_exif, beside, inside)
    people_first = (beside, inside, from_iptc, from_exif)

    taken_at, taken_from = _date(from_exif, beside, inside, stamp)
    latitude, longitude = next((source.position for source in camera_first if source.position), (None, None))
    return PhotoFacts(
        width=size[0],
        height=size[1],
        format=format_name,
        taken_at=taken_at,
        taken_from=taken_from,
        camera=next((source.camera for source in camera_first if source.camera), None),
        lens=next((source.lens for source in camera_first if source.lens), None),
        latitude=latitude,
        longitude=longitude,
        caption=next((source.caption for source in people_first if source.caption), None),
        keywords=tuple(dict.fromkeys(word for source in people_first for word in source.keywords)),
        flaw=flaw,
    )


def _date(
    from_exif: Metadata, beside: Metadata, inside: Metadata, stamp: Stamp | None
) -> tuple[datetime | None, str | None]:
    """When the photo was taken, and which source says so."""
    if from_exif.taken_at:
        return from_exif.taken_at, "exif"
    if from_xmp := beside.taken_at or inside.taken_at:
        return from_xmp, "xmp"
    written = file_time(stamp)
    return written, "file" if written else None
