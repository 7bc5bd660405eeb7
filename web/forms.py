"""From the fields of the search form to a query's parts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.conditions import HasCamera, HasFormat, InFolder, Taken
from searchengine.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.datastructures import MultiDict

    from searchengine.conditions import Condition

MAX_ID = 2**63 - 1
MAX_PAGE = 10**6

FIELDS = ("q", "like", "folder", "after", "before", "format", "camera", "all")
"""What a question is made of; `page` is where in its answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in."""

    text: str = ""
    like: tuple[int, ...] = ()
    conditions: tuple[Condition, ...] = ()
    everything: bool = False
    page: int = 1


def read_form(values: MultiDict[str, str]) -> Form:
    """The fields q, like (may be given again), folder, after, before, format, camera, all and page.

    Raises UsageError and NotFoundError.
    """
    return Form(
        text=values.get("q", "").strip(),
        like=read_ids(values.getlist("like")),
        conditions=tuple(_conditions(values)),
        everything=any(values.getlist("all")),
        page=read_page(values),
    )


def _conditions(values: MultiDict[str, str]) -> Iterator[Condition]:
    after, before = _day(values.get("after", "")), _day(values.get("before", ""))
    if after or before:
        yield Taken(after, before)
    if folder := values.get("folder", "").strip():
        yield InFolder(_folder(folder))
    if name := values.get("format", "").strip():
        yield HasFormat(name)
    if camera := values.get("camera", "").strip():
        yield HasCamera(camera)


def _photo_id(value: str) -> int:
    if not value.isdecimal() or len(value) > len(str(MAX_ID)) or int(value) > MAX_ID:
        raise NotFoundError(f"There is no photo {value!r} in the library.")
    return int(value)


def read_ids(values: Iterable[str]) -> tuple[int, ...]:
    """Photos' ids. Raises NotFoundError for what can't be one."""
    return tuple(map(_photo_id, values))


def read_page(values: MultiDict[str, str]) -> int:
    """The field page, from 1. Raises UsageError."""
    value = values.get("page", "1")
    if not value.isdecimal() or len(value) > len(str(MAX_PAGE)) or not 1 <= int(value) <= MAX_PAGE:
        raise UsageError(f"There is no page {value!r}.")
    return int(value)


def _folder(value: str) -> bytes:
    if "\0" in value:
        raise UsageError(f"There is no folder {value!r}.")
    try:
        return os.fsencode(Path(value).expanduser().absolute())
    except RuntimeError as error:  # "~name" of nobody
        raise UsageError(f"There is no folder {value!r}.") from error


def _day(value: str) -> datetime | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError as error:
        raise UsageError(f"{value!r} is no date.", "Write it as 2019-07-14.") from error
