"""What the library holds, gathered: labels, places, and what is there more than once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from flask import Response, current_app
from pydantic import Field

from searchengine.errors import printable
from searchengine.searching.duplicates import Copy, DuplicateGroup
from searchengine.searching.expression import Field as Condition
from searchengine.searching.expression import printed
from web.api.answers import answer
from web.api.asked import Paged
from web.api.blueprint import COLLECTIONS, api
from web.api.cursors import Cursor
from web.context import the_library
from web.sentences import told
from web.tiles import Record, Tile, tile_of

if TYPE_CHECKING:
    from web.duplicates import DuplicateSearch


class LabelCount(Record):
    """A label that photos have."""

    name: str
    source: str = Field(description="Who says so: vocabulary, probe or concept.")
    count: int = Field(description="Photos.")
    line: str = Field(description="The line of the query language that finds them.")


class Labels(Record):
    """Every label that a photo has, the most frequent first."""

    labels: list[LabelCount]


class Place(Record):
    """A part of the Earth where photos were taken."""

    latitude: float = Field(description="Degrees, north positive.")
    longitude: float = Field(description="Degrees, east positive.")
    count: int = Field(description="Photos.")
    line: str = Field(description="The line of the query language that finds them.")
    photo: Tile = Field(description="One of them.")


class Places(Record):
    """Where photos were taken, the places with the most photos first."""

    places: list[Place]


class CopyOf(Record):
    """A file of a group."""

    photo: Tile
    path: str
    state: str = Field(description="present or offline.")
    bytes: int
    format: str
    exact: bool = Field(description="Whether it has the same bytes as the one to keep.")


class Group(Record):
    """One picture that is there more than once."""

    keep: CopyOf
    why: tuple[str, ...] = Field(description="What the one to keep has before the others.")
    others: list[CopyOf]


class DuplicatePage(Record):
    """What is there more than once, as far as it is known."""

    state: str = Field(description="running while the library is looked through; ask again then. Else done or failed.")
    done: int = Field(description="Photos that were compared so far.")
    whole: int
    problem: str | None
    total: int = Field(description="Groups on all pages.")
    spare_bytes: int = Field(description="What all files take that need not be kept.")
    groups: list[Group] = Field(description="Those that take most room first.")
    cursor: str | None


@api.get("/labels", tags=[COLLECTIONS], responses={200: Labels})
def labels() -> Response:
    """Every label that photos have, with how many."""
    counts = the_library().tags.counts()
    return answer(
        Labels(
            labels=[
                LabelCount(
                    name=each.name, source=each.source, count=each.photos, line=printed(Condition("tag", each.name))
                )
                for each in counts
            ]
        )
    )


@api.get("/places", tags=[COLLECTIONS], responses={200: Places})
def places() -> Response:
    """Where photos were taken, those near to each other together."""
    found = the_library().facets.places()
    photos = {photo.id: photo for photo in the_library().database.photos.get([place.photo_id for place in found])}
    return answer(
        Places(
            places=[
                Place(
                    latitude=place.latitude,
                    longitude=place.longitude,
                    count=place.count,
                    line=place.line,
                    photo=tile_of(photos[place.photo_id]),
                )
                for place in found
                if place.photo_id in photos
            ]
        )
    )


@api.get("/duplicates", tags=[COLLECTIONS], responses={200: DuplicatePage})
def duplicates(query: Paged) -> Response:
    """What is there more than once, with the file to keep of each and why. Nothing is ever deleted.

    The library is looked through in the background; until that is done, what was known before is shown.
    """
    look = cast("DuplicateSearch", current_app.extensions["duplicates"]).look()
    here = Cursor.read(query.cursor, "duplicates")
    end = here.offset + query.limit
    return answer(
        DuplicatePage(
            state=look.state,
            done=look.done,
            whole=look.whole,
            problem=look.problem and told(look.problem, look.next_step),
            total=len(look.groups),
            spare_bytes=sum(group.spare_bytes for group in look.groups),
            groups=_groups(look.groups[here.offset : end]),
            cursor=Cursor(end).written("duplicates") if end < len(look.groups) else None,
        )
    )


def _groups(groups: Sequence[DuplicateGroup]) -> list[Group]:
    return [
        Group(keep=_copy(group.keep), why=group.why, others=[_copy(copy) for copy in group.others]) for group in groups
    ]


def _copy(copy: Copy) -> CopyOf:
    return CopyOf(
        photo=tile_of(copy.photo),
        path=printable(copy.file.path),
        state=copy.file.state,
        bytes=copy.file.stamp.size,
        format=copy.photo.facts.format,
        exact=copy.exact,
    )
