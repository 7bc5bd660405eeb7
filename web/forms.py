"""From the fields of the search form to a query's parts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, UsageError
from searchengine.records import Filters

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

MAX_ID = 2**63 - 1
MAX_PAGE = 10**6


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in."""

    text: str = ""
    like: tuple[int, ...] = ()
    filters: Filters = field(default_factory=Filters)
    page: int = 1


def read_form(values: MultiDict[str, str]) -> Form:
    """The fields q, like (may be given again), folder, after, before, format, camera and page.

    Raises UsageError and NotFoundError.
    """
    return Form(
        text=values.get("q", "").strip(),
        like=tuple(_photo_id(value) for value in values.getlist("like")),
        filters=Filters(
            folder=_folder(values.get("folder", "").strip()),
            after=_day(values.get("after", "")),
            before=_day(values.get("before", "")),
            format=values.get("format", "").strip().lower() or None,
            camera=values.get("camera", "").strip() or None,
        ),
        page=_page(values.get("page", "1")),
    )


def _photo_id(value: str) -> int:
    if not value.isdecimal() or len(value) > len(str(MAX_ID)) or int(value) > MAX_ID:
        raise NotFoundError(f"There is no photo {value!r} in the library.")
    return int(value)


def _page(value: str) -> int:
    if not value.isdecimal() or len(value) > len(str(MAX_PAGE)) or not 1 <= int(value) <= MAX_PAGE:
        raise UsageError(f"There is no page {value!r}.")
    return int(value)


def _folder(value: str) -> bytes | None:
    if not value:
        return None
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
