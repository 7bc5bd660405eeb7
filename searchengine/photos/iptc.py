"""IPTC (Information Interchange Model, 4.2): the captions and keywords of older photo programs and of agencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import IptcImagePlugin

from searchengine.photos.metadata import Metadata, tidy, tidy_all

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_KEYWORDS, _CAPTION = (2, 25), (2, 120)  # record and dataset


def read(image: ImageFile) -> Metadata:
    """What an image's IPTC says; only JPEG and TIFF carry it."""
    try:
        fields = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:  # noqa: BLE001  # the parser raises anything on hostile bytes, and metadata never fails a photo
        return Metadata()
    captions = (tidy(text) for text in _texts(fields.get(_CAPTION)))
    return Metadata(
        caption=next((text for text in captions if text), None),
        keywords=tidy_all(_texts(fields.get(_KEYWORDS))),
    )


def _texts(value: bytes | list[bytes] | None) -> list[str]:
    values = value if isinstance(value, list) else [value] if value else []
    return [_decoded(text) for text in values]


def _decoded(text: bytes) -> str:
    """The declared encoding is wrong too often to be asked: what can be UTF-8 is, the rest is Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
