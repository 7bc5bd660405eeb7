"""What may stand before a colon in a query: each field with how its value is written, and the condition it makes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from searchengine.conditions import (
    Fact,
    HasCamera,
    HasCaption,
    HasFormat,
    HasLabel,
    InAlbum,
    InFolder,
    InFolderNamed,
    Is,
    Kind,
    Measures,
    Near,
    Side,
    Taken,
)
from searchengine.errors import UsageError
from searchengine.settings import absolute

MOST_PIXELS = 10**9

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_PIXELS = re.compile(r"(?P<sign>>=|<=|>|<)?(?P<number>\d{1,9})|(?P<least>\d{1,9})?\.\.(?P<most>\d{1,9})?")
_PLACE = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)\s*(km|m)?\s*", re.ASCII)


class ValueMistake(Exception):  # noqa: N818  # it becomes a QueryError, which says where
    """A field's value isn't one; the sentences say what is wrong and how it is written."""

    def __init__(self, what: str, suggestion: str) -> None:
        super().__init__(what)
        self.what = what
        self.suggestion = suggestion


def condition(field: str, value: str) -> Fact:
    """The condition that a field with this value sets. Raises KeyError for no field, ValueMistake for a bad value."""
    if not value.strip():
        _fail(f"There is nothing behind {field}:", f"Write it without a space between: {EXAMPLES[field]}")
    if "\0" in value:
        _fail(f"{field}: holds a character that nothing is named with.", f"Write it like {EXAMPLES[field]}")
    return FIELDS[field](value)


def _folder(value: str) -> Fact:
    if not (value.startswith("~") or Path(value).is_absolute()):
        return InFolderNamed(value)
    try:
        return InFolder(os.fsencode(absolute(value)))
    except (UsageError, UnicodeEncodeError):
        return _fail(f"There is no folder {value}.", "Write its whole path, or its name alone.")


def _is(value: str) -> Fact:
    try:
        return Is(Kind(value.lower()))
    except ValueError:
        return _fail(f"A photo can't be {value}.", f"It can be {', '.join(Kind)}.")


def _date(value: str) -> Fact:
    first, dots, last = value.partition("..")
    if not (first or last):
        _fail("The date has no beginning and no end.", f"Write {EXAMPLES['date']}, or {EXAMPLES['date']}.. for later.")
    after = _span(first)[0] if first else None
    before = _span(last if dots else first)[1] if last or not dots else None
    if after and before and after >= before:
        _fail("The time ends before it begins.", f"Write date:{last}..{first}")
    return Taken(after, before)


def _span(day: str) -> tuple[datetime, datetime]:
    """A year, month or day from its first instant to the next one's."""
    found = _DAY.fullmatch(day.strip())
    if not (found and day.isascii()):
        return _fail(f"{day} is no date.", "Write 2019, 2019-07, 2019-07-14 or 2019..2021")
    year, month, date = (int(part or 0) for part in found.groups())
    try:
        start = datetime(year, month or 1, date or 1)  # noqa: DTZ001  # cameras write local time without a zone
        if date:
            return start, datetime.fromordinal(start.toordinal() + 1)
        following = (year + 1, 1) if not month or month == 12 else (year, month + 1)
        return start, datetime(*following, 1)  # noqa: DTZ001
    except (ValueError, OverflowError):
        return _fail(f"There is no such date as {day}.", "Write 2019, 2019-07, 2019-07-14 or 2019..2021")


def _near(value: str) -> Fact:
    found = _PLACE.fullmatch(value)
    if not found:
        return _fail(f"{value} is no place.", f"Write latitude, longitude and distance: {EXAMPLES['near']}")
    latitude, longitude, distance = (float(found[part]) for part in (1, 2, 3))
    if abs(latitude) > 90 or abs(longitude) > 180:
        _fail(f"{value} is no place on Earth.", "The latitude comes first, from -90 to 90; then the longitude.")
    return Near(latitude, longitude, distance / 1000 if found[4] == "m" else distance)


def _measures(side: Side) -> Callable[[str], Fact]:
    def read(value: str) -> Fact:
        found = _PIXELS.fullmatch(value)
        if not found or value == ".." or not value.isascii():
            return _fail(f"{value} is no number of pixels.", f"Write {side}:>4000, {side}:4000 or {side}:2000..4000")
        least, most = (int(found[end]) if found[end] else None for end in ("least", "most"))
        if found["number"]:
            number = int(found["number"])
            least = {">": number + 1, ">=": number, None: number}.get(found["sign"])
            most = {"<": number - 1, "<=": number, None: number}.get(found["sign"])
        return Measures(side, least, most)

    return read


def _fail(what: str, suggestion: str) -> NoReturn:
    raise ValueMistake(what, suggestion)


FIELDS: dict[str, Callable[[str], Fact]] = {
    "tag": HasLabel,
    "camera": HasCamera,
    "folder": _folder,
    "format": HasFormat,
    "is": _is,
    "date": _date,
    "near": _near,
    "width": _measures(Side.WIDTH),
    "height": _measures(Side.HEIGHT),
    "caption": HasCaption,
    "album": InAlbum,
}
"""The fields that make conditions."""

EXAMPLES = {
    "tag": "tag:dog",
    "camera": 'camera:"Canon EOS"',
    "folder": "folder:Trips",
    "format": "format:heic",
    "is": "is:duplicate",
    "date": "date:2019-07",
    "near": "near:48.85,2.35,10km",
    "width": "width:>4000",
    "height": "height:>4000",
    "caption": "caption:birthday",
    "album": "album:Sunsets",
    "like": "like:IMG_1.jpg",
}
"""How each field is written."""
