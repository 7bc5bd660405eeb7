"""Searching: by a line of the query language, by photos of the library or handed over, or by both."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response
from pydantic import Field, ValidationError

from searchengine.records import PhotoData, Results
from searchengine.searching.filters import filters
from web.api.answers import answer
from web.api.asked import Asked, AskedPage, AskedWithPhotos, form_fields, upload, uploaded
from web.api.blueprint import SEARCHING, api
from web.api.cursors import Cursor
from web.api.photos import FoundPhoto, found_with_facts
from web.context import the_library
from web.lines import asked_line
from web.problems import refuse
from web.sentences import translated
from web.tiles import Record, Tile, tile_of_hit
from web.turns import MODEL, SEARCHES


class Filter(Record):
    """A condition that can be taken off the line."""

    text: str = Field(description="As the query language writes it: date:2019-07.")
    without: str = Field(description="The line without it; may be empty.")


class Found(Record):
    """The answer to a search."""

    photos: list[FoundPhoto] | list[Tile] = Field(description="The first kind where their facts are asked for, too.")
    notes: list[str] = Field(description="What a person should know about this answer, in sentences.")
    fits: bool = Field(description="Whether anything fits; if not, the photos are the nearest that there are.")
    filters: list[Filter]
    total: int | None = Field(description="Photos on all pages; null where that isn't known.")
    cursor: str | None = Field(description="For the next page; null at the end.")


@api.get("/search", tags=[SEARCHING], responses={200: Found})
def search(query: AskedPage) -> Response:
    """Photos that fit a line, look like other photos, or both; best first.

    With nothing asked, all photos, the last taken first. Photos that come while one pages on are not in later pages.
    """
    return answer(find(query))


@api.post("/similar", tags=[SEARCHING], responses={200: Found}, openapi_extensions=upload(AskedWithPhotos))
def similar() -> Response:
    """Photos that look like those that are handed over, and fit what else is asked; nothing is stored."""
    photos = uploaded()
    try:
        asked = AskedWithPhotos.model_validate(form_fields("like"))
    except ValidationError as error:
        refuse(error)
    return answer(find_alike(asked, photos))


def find(query: AskedPage, offset: int = 0) -> Found:
    """A page of the answer, so many photos further than where its cursor stands. Raises as `Library.search`."""
    asked = (query.q, query.like, query.everything, query.sort, query.expand, query.min_score)
    here = Cursor.read(query.cursor, asked)
    start = here.offset + offset
    results = _results(query, query.like, limit=query.limit + 1, offset=start, newest=here.newest)
    following = None
    if len(results) > query.limit:
        newest = results.newest if here.newest is None else here.newest
        following = Cursor(start + query.limit, newest).written(asked)
    return _found(results, query, query.limit, following)


def find_alike(asked: AskedWithPhotos, photos: Sequence[PhotoData]) -> Found:
    """The answer to photos that were handed over. Raises as `Library.search`."""
    with MODEL.one():
        results = _results(asked, [*asked.like, *photos], limit=asked.limit)
    return _found(results, asked, asked.limit, None)


def _results(
    asked: Asked, like: Sequence[int | PhotoData], *, limit: int, offset: int = 0, newest: int | None = None
) -> Results:
    line = asked_line(asked.q)
    nothing = line is None and not like
    with SEARCHES:
        return the_library().search(
            line,
            like=like,
            limit=limit,
            offset=offset,
            everything=asked.everything or nothing,
            sort=asked.sort,
            expand=asked.expand,
            min_score=asked.min_score,
            newest=newest,
        )


def _found(results: Results, asked: Asked, limit: int, cursor: str | None) -> Found:
    shown = results.hits[:limit]
    return Found(
        photos=[found_with_facts(hit) for hit in shown] if asked.facts else [tile_of_hit(hit) for hit in shown],
        notes=list(map(translated, results.notes)),
        fits=results.fits,
        filters=[Filter(text=each.text, without=each.without) for each in filters(asked.q)],
        total=results.total,
        cursor=cursor,
    )
