"""Searching: by a line of the query language, by photos of the library or handed over, or by both."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from searchengine.errors import UsageError
from searchengine.records import PhotoData, Results, Sort
from searchengine.searching.filters import filters
from web.api.answers import answer
from web.api.blueprint import SEARCHING, api
from web.api.cursors import Cursor
from web.context import the_library
from web.forms import MAX_ID
from web.problems import refuse
from web.tiles import Record, Tile, tile_of_hit

MOST_LIKE = 20
MOST_PHOTOS = 8  # handed over at once
LONGEST_LINE = 2000  # characters

PhotoId = Annotated[int, Field(ge=1, le=MAX_ID)]
Line = Annotated[str, Field(max_length=LONGEST_LINE)]


class Asked(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    q: Line = Field(default="", description="A line of the query language; plain words need no syntax.")
    like: list[PhotoId] = Field(
        default=[], max_length=MOST_LIKE, description="Ids of photos that the answer should look like."
    )
    everything: bool = Field(default=False, alias="all", description="Also photos that don't fit.")
    sort: Sort = Field(default=Sort.RELEVANCE, description="Of what fits, the best or the last taken first.")
    expand: bool = Field(default=False, description="Near-copies one by one, instead of the best for all.")


class AskedPage(Asked):
    """What is asked, and which part of the answer is wanted."""

    limit: int = Field(default=60, ge=1, le=500, description="Photos on a page, at most.")
    cursor: str | None = Field(default=None, max_length=64, description="From the page before; else the first page.")


class AskedWithPhotos(Asked):
    """What is asked beside the photos that are handed over."""

    limit: int = Field(default=60, ge=1, le=200, description="Photos in the answer, at most.")


class Filter(Record):
    """A condition that can be taken off the line."""

    text: str = Field(description="As the query language writes it: date:2019-07.")
    without: str = Field(description="The line without it; may be empty.")


class Found(Record):
    """The answer to a search."""

    photos: list[Tile]
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
    asked = (query.q, query.like, query.everything, query.sort, query.expand)
    here = Cursor.read(query.cursor, asked)
    results = _results(query, query.like, limit=query.limit + 1, offset=here.offset, newest=here.newest)
    following = None
    if len(results) > query.limit:
        newest = results.newest if here.newest is None else here.newest
        following = Cursor(here.offset + query.limit, newest).written(asked)
    return answer(_found(results, query.q, query.limit, following))


def _upload(form: type[BaseModel]) -> dict[str, Any]:
    """How a form with photos is written in the document."""
    properties = form.model_json_schema()["properties"]
    photo = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "maxItems": MOST_PHOTOS}
    schema = {"type": "object", "properties": {"photo": photo, **properties}, "required": ["photo"]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@api.post("/similar", tags=[SEARCHING], responses={200: Found}, openapi_extensions=_upload(AskedWithPhotos))
def similar() -> Response:
    """Photos that look like those that are handed over, and fit what else is asked; nothing is stored."""
    photos = uploaded()
    try:
        asked = AskedWithPhotos.model_validate(_fields("like"))
    except ValidationError as error:
        refuse(error)
    results = _results(asked, [*asked.like, *photos], limit=asked.limit)
    return answer(_found(results, asked.q, asked.limit, None))


def uploaded() -> list[PhotoData]:
    """The photos in the request, in memory. Raises UsageError where there is none, or too many."""
    files = [file for file in request.files.getlist("photo") if file.filename]
    if not files:
        raise UsageError("There is no photo in the request.", "Send one as the form's field photo.")
    if len(files) > MOST_PHOTOS:
        raise UsageError(f"There are {len(files)} photos in the request, and {MOST_PHOTOS} are the most.")
    return [PhotoData(file.filename or "", file.stream.read()) for file in files]


def _fields(*lists: str) -> dict[str, Any]:
    """The form's fields; of one that may be given again, all values."""
    form = request.form
    return {name: form.getlist(name) if name in lists else form[name] for name in form if name != "csrf_token"}


def _results(asked: Asked, like: list[Any], *, limit: int, offset: int = 0, newest: int | None = None) -> Results:
    line = asked.q.strip() or None
    nothing = line is None and not like
    return the_library().search(
        line,
        like=like,
        limit=limit,
        offset=offset,
        everything=asked.everything or nothing,
        sort=asked.sort,
        expand=asked.expand,
        newest=newest,
    )


def _found(results: Results, line: str, limit: int, cursor: str | None) -> Found:
    return Found(
        photos=[tile_of_hit(hit) for hit in results.hits[:limit]],
        notes=list(results.notes),
        fits=results.fits,
        filters=[Filter(text=each.text, without=each.without) for each in filters(line)],
        total=results.total,
        cursor=cursor,
    )
