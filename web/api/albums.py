"""Albums: queries that fill themselves, with what was put in and taken out by hand."""

from __future__ import annotations

from typing import Annotated

from flask import Response, url_for
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.routing import PathConverter

from searchengine.records import Band
from searchengine.searching.albums import AlbumFacts
from searchengine.searching.expression import Field as Condition
from searchengine.searching.expression import printed
from web.api.answers import answer, gone
from web.api.asked import PhotoId
from web.api.blueprint import COLLECTIONS, api
from web.context import the_library
from web.lines import LONGEST_LINE, asked_line
from web.sentences import told
from web.tiles import Record

MOST_PHOTOS = 10_000  # put in or taken out at once

Name = Annotated[str, Field(min_length=1, max_length=200)]
Query = Annotated[str, Field(max_length=LONGEST_LINE)]
Photos = Annotated[list[PhotoId], Field(max_length=MOST_PHOTOS)]


class Album(Record):
    """An album."""

    name: str
    query: str | None = Field(description="What fills it; null where it is filled by hand alone.")
    least: Band = Field(description="How well a photo must fit the query.")
    line: str = Field(description="The line of the query language that finds its photos.")
    photos: int | None = Field(description="How many it holds; null where its query can't be answered.")
    pinned: int = Field(description="Photos that were put in by hand.")
    taken_out: int = Field(description="Photos that were taken out by hand.")
    problem: str | None = Field(description="Why its query can't be answered.")


class Albums(Record):
    """Every album, by name."""

    albums: list[Album]


class OneAlbum(BaseModel):
    """Which album."""

    name: Name


class NewAlbum(BaseModel):
    """An album to make."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    query: Query | None = Field(default=None, description="What fills it; without one it is filled by hand.")
    least: Band = Field(default=Band.GOOD, description="How well a photo must fit the query.")


class AlbumChange(BaseModel):
    """What is to be otherwise; what isn't named stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    query: Query | None = Field(default=None, description="null for none.")
    least: Band | None = None


class AlbumPhotos(BaseModel):
    """Photos to put in, to take out, and on which the query is to decide again."""

    model_config = ConfigDict(extra="forbid")

    pin: Photos = []
    take_out: Photos = []
    forget: Photos = []


class AlbumConverter(PathConverter):
    """An album's name in an address: slashes may stand in it, but what lies below an album is none."""

    regex = r"(?!.*/photos$)[^/].*?"


@api.get("/albums", tags=[COLLECTIONS], responses={200: Albums})
def albums() -> Response:
    """Every album with how many photos it holds now."""
    return answer(Albums(albums=[_album(facts) for facts in the_library().albums.all()]))


@api.post("/albums", tags=[COLLECTIONS], responses={201: Album})
def make_album(body: NewAlbum) -> Response:
    """Make an album that a query fills, or one to fill by hand."""
    the_library().albums.add(body.name, asked_line(body.query or ""), body.least)
    response = answer(_named(body.name), 201)
    response.headers["Location"] = url_for("api.album", name=body.name.strip())
    return response


@api.get("/albums/<album:name>", tags=[COLLECTIONS], responses={200: Album})
def album(path: OneAlbum) -> Response:
    """One album; its photos are what its line finds."""
    return answer(_named(path.name))


@api.patch("/albums/<album:name>", tags=[COLLECTIONS], responses={200: Album})
def change_album(path: OneAlbum, body: AlbumChange) -> Response:
    """Rename an album, or fill it with another query; what was done by hand stays."""
    albums, name = the_library().albums, path.name
    was = albums.facts(name)
    if body.model_fields_set & {"query", "least"}:
        query = asked_line(body.query or "") if "query" in body.model_fields_set else was.query
        albums.change(name, query, body.least or was.least)
    if body.name is not None:
        albums.rename(name, body.name)
        name = body.name
    return answer(_named(name))


@api.delete("/albums/<album:name>", tags=[COLLECTIONS], responses={204: None})
def remove_album(path: OneAlbum) -> Response:
    """Forget an album; its photos stay in the library."""
    the_library().albums.remove(path.name)
    return gone()


@api.post("/albums/<path:name>/photos", tags=[COLLECTIONS], responses={200: Album})
def change_album_photos(path: OneAlbum, body: AlbumPhotos) -> Response:
    """Put photos into an album or take them out whatever its query says, or let that decide again."""
    library = the_library()
    with library.database.writing():  # all of it or nothing
        library.albums.pin(path.name, body.pin)
        library.albums.take_out(path.name, body.take_out)
        library.albums.undo(path.name, body.forget)
    return answer(_named(path.name))


def _named(name: str) -> Album:
    return _album(the_library().albums.facts(name.strip()))


def _album(facts: AlbumFacts) -> Album:
    return Album(
        name=facts.name,
        query=facts.query,
        least=facts.least,
        line=printed(Condition("album", facts.name)),
        photos=facts.photos,
        pinned=facts.pinned,
        taken_out=facts.taken_out,
        problem=facts.problem and told(facts.problem, facts.next_step),
    )
