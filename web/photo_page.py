"""One photo: large, with what is known of it, where it lies, its albums, and what looks like it.

The facts are also there by themselves, for the viewer of the search page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for

from searchengine.errors import NotFoundError, UsageError, printable
from searchengine.records import FileState
from searchengine.searching.expression import Field, printed
from web.albums import albums_with
from web.context import photo_with_id, the_library
from web.forms import MAX_ID
from web.media import SHOWN
from web.tiles import Tile, picture_address, tile_of, tile_of_hit
from web.turns import MODEL
from web.world import Spot

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from searchengine.describing.description import Description
    from searchengine.records import Photo

blueprint = Blueprint("photo_page", __name__)

ALIKE = 12  # photos beside one photo

PHOTO = f"/photos/<int(max={MAX_ID}):photo_id>"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo lies on disk."""

    path: str
    state: FileState
    bytes: int


@blueprint.get(PHOTO)
def photo(photo_id: int) -> str:
    """One photo. With the query `q` that found it, why it did; with `describe`, what else fits it."""
    one = photo_with_id(photo_id)
    original = picture_address(one, "original")
    description = _described(one) if "describe" in request.args else None
    return render_template(
        "photo.html", **_known(one), original=original, description=description, alike=_alike(photo_id)
    )


@blueprint.get(f"{PHOTO}/facts")
def facts(photo_id: int) -> str:
    """What is known of a photo, as a piece of a page."""
    return render_template("facts.html", **_known(photo_with_id(photo_id)))


@blueprint.post(f"{PHOTO}/albums")
def add_to_album(photo_id: int) -> Response:
    """Put the photo into the album that the field `album` names, which is made where there is none."""
    albums, name = the_library().albums, request.form.get("album", "").strip()
    photo_with_id(photo_id)
    if name.casefold() not in {album.name.casefold() for album in the_library().database.albums.all()}:
        albums.add(name)
    albums.pin(name, [photo_id])
    return redirect(url_for("photo_page.photo", photo_id=photo_id), 303)


def _known(one: Photo) -> dict[str, object]:
    """What the template of the facts shows."""
    database = the_library().database
    return {
        "photo": one,
        "tile": tile_of(one),
        "shown": one.facts.format in SHOWN,
        "spot": _spot(one),
        "labels": [(label, printed(Field("tag", label.name))) for label in one.labels],
        "captions": _captions(one),
        "camera_line": printed(Field("camera", one.facts.camera)) if one.facts.camera else None,
        "places": [Place(printable(file.path), file.state, file.stamp.size) for file in one.files],
        "albums": albums_with(one.id),
        "all_albums": [album.name for album in database.albums.all()],
        "q": request.args.get("q", "").strip(),
    }


def _captions(one: Photo) -> list[str]:
    """What stands in its file, then what a captioner wrote."""
    written = the_library().database.captions.of([one.id]).get(one.id, ())
    return [*filter(None, [one.facts.caption]), *(caption.text for caption in written)]


def _described(one: Photo) -> Description:
    """The captions nearest to it, but its own, and the saved searches that find it."""
    with MODEL.one():  # which may not have seen all captions yet
        found = the_library().describe(one.id)
    own = set(_captions(one))
    return replace(found, captions=tuple(caption for caption in found.captions if caption.text not in own))


def _spot(one: Photo) -> Spot | None:
    if one.facts.latitude is None or one.facts.longitude is None:
        return None
    return Spot(one.facts.latitude, one.facts.longitude)


def _alike(photo_id: int) -> tuple[Tile, ...]:
    try:
        nearest = the_library().search(like=(photo_id,), limit=ALIKE, everything=True, expand=True)
    except (NotFoundError, UsageError):  # it hasn't been through the model, and its file isn't there
        return ()
    return tuple(map(tile_of_hit, nearest))
