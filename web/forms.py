"""From the fields of the search form to a query's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, UsageError
from searchengine.records import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.datastructures import MultiDict

MAX_ID = 2**63 - 1
MAX_PAGE = 10**6

MOST_LIKE = 20
"""Photos of the library that can be asked with at once; each is held against all others."""

FIELDS = ("q", "like", "all", "sort")
"""What a question is made of; `page` is where in its answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in."""

    text: str = ""
    like: tuple[int, ...] = ()
    everything: bool = False
    sort: Sort = Sort.RELEVANCE
    page: int = 1


def read_form(values: MultiDict[str, str]) -> Form:
    """The fields q, like (may be given again), all, sort and page.

    Raises UsageError and NotFoundError.
    """
    like = read_ids(values.getlist("like"))
    if len(like) > MOST_LIKE:
        raise UsageError(f"There are {len(like):,} photos to find the like of, and {MOST_LIKE} can be asked with.")
    return Form(
        text=values.get("q", "").strip(),
        like=like,
        everything=any(values.getlist("all")),
        sort=_sort(values.get("sort", "")),
        page=read_page(values),
    )


def _sort(value: str) -> Sort:
    try:
        return Sort(value or Sort.RELEVANCE)
    except ValueError as error:
        raise UsageError(f"Photos can't be sorted by {value!r}.", "They can be by relevance, or by date.") from error


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
        raise UsageError(f"There is no page {value[: len(str(MAX_PAGE))]!r}.")
    return int(value)
