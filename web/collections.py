"""What the library holds, gathered: labels, what is there more than once, and places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app, render_template, request

from searchengine.errors import printable
from searchengine.records import FileState
from searchengine.searching.expression import Field, printed
from web.context import the_library
from web.forms import read_page
from web.texts import gettext as _
from web.tiles import Tile, tile_of
from web.world import Spot

if TYPE_CHECKING:
    from searchengine.describing.tags import Tags
    from searchengine.searching.duplicates import Copy, DuplicateGroup
    from searchengine.searching.facets import Place
    from web.duplicates import DuplicateSearch

blueprint = Blueprint("collections", __name__)

GROUPS = 20  # on a page of duplicates

SIZES = 5  # in which labels are written


@dataclass(frozen=True, slots=True)
class Word:
    """A label in the cloud."""

    name: str
    line: str  # the query that finds its photos
    photos: int
    size: int  # 1 to SIZES


@dataclass(frozen=True, slots=True)
class File:
    """One file of a picture that is there more than once."""

    tile: Tile
    path: str
    exact: bool
    away: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class Group:
    """A picture that is there more than once."""

    keep: File
    why: tuple[str, ...]
    others: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A place on the map."""

    spot: Spot
    count: int
    line: str  # the query that finds its photos
    tile: Tile  # one of them


@blueprint.get("/labels")
def labels() -> str:
    """Every label that photos have; what a person has taught the program stands by itself."""
    tags = the_library().tags
    return render_template(
        "labels.html",
        words=_cloud(tags, "vocabulary"),
        classes=_cloud(tags, "probe"),
        concepts=_cloud(tags, "concept"),
    )


@blueprint.get("/duplicates")
def duplicates() -> str:
    """What is there more than once, side by side, with the one to keep. Nothing is deleted here."""
    look, page = _search().look(), read_page(request.args)
    return render_template(
        "duplicates.html",
        look=look,
        groups=[_group(group) for group in look.groups[(page - 1) * GROUPS : page * GROUPS]],
        files=sum(len(group.others) for group in look.groups),
        bytes=sum(group.spare_bytes for group in look.groups),
        page=page,
        more=len(look.groups) > page * GROUPS,
    )


@blueprint.get("/duplicates.txt")
def spare_paths() -> Response:
    """The paths of all files but the ones to keep, one on a line; only where the one to keep is there."""
    kept = [group for group in _search().look().groups if group.keep.file.state is FileState.PRESENT]
    paths = [copy.file.path for group in kept for copy in group.others if copy.file.state is FileState.PRESENT]
    answer = Response(b"".join(path + b"\n" for path in paths), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=duplicates.txt"
    return answer


@blueprint.get("/places")
def places() -> str:
    """Where photos were taken: a list, which scripts turn into a map."""
    found = the_library().facets.places()
    photos = {photo.id: photo for photo in the_library().database.photos.get([place.photo_id for place in found])}
    clusters = [_cluster(place, tile_of(photos[place.photo_id])) for place in found if place.photo_id in photos]
    return render_template("places.html", clusters=clusters, photos=sum(each.count for each in clusters))


def _cloud(tags: Tags, source: str) -> list[Word]:
    """The labels of one source by name, the larger the more photos have them."""
    counts = tags.counts(source)
    sizes = {count: rank for rank, count in enumerate(sorted({each.photos for each in counts}))}
    return [
        Word(each.name, printed(Field("tag", each.name)), each.photos, 1 + sizes[each.photos] * SIZES // len(sizes))
        for each in sorted(counts, key=lambda each: each.name.casefold())
    ]


def _search() -> DuplicateSearch:
    return cast("DuplicateSearch", current_app.extensions["duplicates"])


def _group(group: DuplicateGroup) -> Group:
    words = _reasons()
    why = tuple(words.get(reason, reason) for reason in group.why)
    return Group(_file(group.keep), why, tuple(map(_file, group.others)))


def _file(copy: Copy) -> File:
    away = copy.file.state is not FileState.PRESENT
    return File(tile_of(copy.photo), printable(copy.file.path), copy.exact, away, copy.file.stamp.size)


def _reasons() -> dict[str, str]:
    """What `searching.keeping` says of the one to keep, in the person's language."""
    return {
        "within reach": _("within reach"),
        "not truncated": _("not truncated"),
        "has the camera's RAW": _("has the camera’s RAW"),
        "most pixels": _("most pixels"),
        "has the camera's data": _("has the camera’s data"),
        "the format it was taken in": _("the format it was taken in"),
        "least compressed": _("least compressed"),
        "oldest file": _("oldest file"),
        "shortest path": _("shortest path"),
    }


def _cluster(place: Place, tile: Tile) -> Cluster:
    return Cluster(Spot(place.latitude, place.longitude), place.count, place.line, tile)
