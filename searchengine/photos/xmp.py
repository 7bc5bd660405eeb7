"""XMP (ISO 16684-1): what people and photo programs wrote about a photo, in the file or in another beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from searchengine.photos.metadata import Metadata, position, tidy, tidy_all

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_AUX = "{http://ns.adobe.com/exif/1.0/aux/}"
_EXIF_EX = "{http://cipa.jp/exif/1.0/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?)?)?")
_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])")


def read(packet: bytes | str | None) -> Metadata:
    """What an XMP packet or file says; nothing when it isn't one."""
    if not packet:
        return Metadata()
    try:
        root = fromstring(_text(packet), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return Metadata()
    properties = list(values(root))
    return Metadata(
        taken_at=_first_date(properties, _EXIF + "DateTimeOriginal", _PHOTOSHOP + "DateCreated", _XMP + "CreateDate"),
        camera=_first(properties, _TIFF + "Model"),
        lens=_first(properties, _EXIF_EX + "LensModel", _AUX + "Lens"),
        position=position(
            _degrees(_first(properties, _EXIF + "GPSLatitude")), _degrees(_first(properties, _EXIF + "GPSLongitude"))
        ),
        caption=_first(properties, DC + "description"),
        keywords=tidy_all([text for name, text in properties if name == DC + "subject"]),
    )


def _text(packet: bytes | str) -> bytes | str:
    """The packet without what often stands around it, which no parser takes."""
    if isinstance(packet, bytes) and packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        packet = packet.decode("utf-16")
    return packet.strip("\0 \r\n\t") if isinstance(packet, str) else packet.strip(b"\0 \r\n\t")


def values(root: Element) -> Iterator[tuple[str, str]]:
    """Every property with each of its values: an attribute, an element's text, or the items of its list."""
    for description in root.iter(RDF + "Description"):
        yield from description.attrib.items()
        for element in description:
            # The words in the default language come first, where a text is there in several.
            items = sorted(element.iter(RDF + "li"), key=lambda item: item.get(_LANGUAGE, "x-default") != "x-default")
            for item in items or [element]:
                yield element.tag, item.text or ""


def _first(values: list[tuple[str, str]], *names: str) -> str | None:
    found = (tidy(text) for wanted in names for name, text in values if name == wanted)
    return next((text for text in found if text), None)


def _first_date(values: list[tuple[str, str]], *names: str) -> datetime | None:
    found = (_date(_first(values, name)) for name in names)
    return next((date for date in found if date), None)


def _date(text: str | None) -> datetime | None:
    """ISO 8601 as XMP has it, which may end after the year, the month or the day; the zone is left away."""
    match = _DATE.match(text or "")
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    try:
        return datetime(  # noqa: DTZ001  # local time where the photo was taken, as in EXIF
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)
        )
    except ValueError:
        return None


def _degrees(text: str | None) -> float | None:
    """XMP's "DDD,MM.mmmmk" or "DDD,MM,SSk" to degrees."""
    match = _COORDINATE.fullmatch(text or "")
    if match is None:
        return None
    degrees, minutes, seconds, half = match.groups()
    value = int(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
    return math.copysign(value, -1 if half in "SW" else 1)
