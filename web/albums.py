"""The albums: all of them as cards, and one with its photos, to be changed by hand.

Everything works by plain forms. A photo that is taken out of an album stays in the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for

from searchengine.errors import NotFoundError, UsageError
from searchengine.records import Band, Sort
from searchengine.searching.expression import Field, printed
from web.context import the_library
from web.forms import read_ids, read_page
from web.lines import asked_line
from web.sentences import told
from web.texts import gettext as _
from web.tiles import Tile, tile_of, tile_of_hit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from searchengine.store.albums import Album

blueprint = Blueprint("albums", __name__)

PAGE = 60  # photos on a page of an album

LEAST = (Band.STRONG, Band.GOOD, Band.WEAK)
"""How well photos may be asked to fit an album's query."""


@dataclass(frozen=True, slots=True)
class Card:
    """An album among others."""

    name: str
    line: str | None  # the query that fills it
    count: int
    cover: Tile | None  # the photo that came last
    problem: str | None  # why its query can't be answered, in the person's language


@blueprint.get("/albums")
def every(mistake: UsageError | None = None) -> str:
    """All albums, by name, and a form for another one; with a mistake that was made in it, as it was filled in."""
    cards = [_card(album) for album in the_library().database.albums.all()]
    return render_template("albums.html", cards=cards, least=_least(), mistake=mistake)


@blueprint.post("/albums")
def add() -> ResponseReturnValue:
    """Make an album with the fields name, q and least."""
    name = request.form.get("name", "").strip()
    try:
        the_library().albums.add(name, asked_line(request.form.get("q", "")), _chosen_least())
    except UsageError as mistake:
        return every(mistake), 400
    return _to(name)


@blueprint.get("/albums/<path:name>")
def one(name: str, mistake: UsageError | None = None) -> str:
    """An album's photos, the last taken first, and what can be done with it. With `choose`, photos can be chosen.

    With a mistake that was made in doing so, the forms are as they were filled in.
    """
    library = the_library()
    album = library.database.albums.named(name)
    page = read_page(request.args)
    card, line = _card(album), printed(Field("album", album.name))
    tiles: tuple[Tile, ...] = ()
    if not card.problem:
        found = library.search(line, limit=PAGE, offset=(page - 1) * PAGE, sort=Sort.DATE, expand=True)
        tiles = tuple(map(tile_of_hit, found))
    return render_template(
        "album.html",
        album=album,
        card=card,
        line=line,
        tiles=tiles,
        pinned=set(library.database.albums.by_hand(album.id, pinned=True).tolist()),
        taken_out=[tile_of(hit.photo) for hit in library.albums.by_hand(album.name, pinned=False)],
        page=page,
        more=card.count > page * PAGE,
        choose="choose" in request.args,
        least=_least(),
        mistake=mistake,
    )


@blueprint.post("/albums/<path:name>")
def change(name: str) -> ResponseReturnValue:
    """Do to an album what the field `do` says: rename, fill, remove; with the photos in `id`: pin, take-out, undo."""
    try:
        return _changed(name)
    except NotFoundError:
        raise
    except UsageError as mistake:
        return one(name, mistake), 400


def _changed(name: str) -> Response:
    albums, ids = the_library().albums, read_ids(request.form.getlist("id"))
    match request.form.get("do"):
        case "rename":
            new_name = request.form.get("name", "").strip()
            albums.rename(name, new_name)
            return _to(new_name)
        case "fill":
            albums.change(name, asked_line(request.form.get("q", "")), _chosen_least())
        case "remove":
            albums.remove(name)
            return redirect(url_for("albums.every"), 303)
        case "pin":
            albums.pin(name, ids)
        case "take-out":
            albums.take_out(name, ids)
        case "undo":
            albums.undo(name, ids)
        case other:
            raise UsageError(f"Nothing is known that is called {other!r}.")
    return _to(name)


def albums_with(photo_id: int) -> list[str]:
    """The names of the albums that a photo is in, by hand or by their query."""
    found = []
    for album in the_library().database.albums.all():
        try:
            if photo_id in the_library().albums.ids(album.name):
                found.append(album.name)
        except UsageError:  # its own page says why it can't be filled
            continue
    return found


def _card(album: Album) -> Card:
    library = the_library()
    try:
        ids = library.albums.ids(album.name)
    except UsageError as error:
        return Card(album.name, album.line, 0, None, told(error.what, error.next_step))
    cover = library.database.photos.get(ids[-1:].tolist())
    return Card(album.name, album.line, len(ids), tile_of(cover[0]) if cover else None, None)


def _least() -> list[tuple[Band, str]]:
    words = (_("Only what fits very well"), _("What fits well"), _("Also what fits a little"))
    return list(zip(LEAST, words, strict=True))


def _chosen_least() -> Band:
    chosen = request.form.get("least", Band.GOOD)
    if chosen not in LEAST:
        raise UsageError(f"Nothing fits {chosen!r}.", f"Choose one of {', '.join(LEAST)}.")
    return Band(chosen)


def _to(name: str) -> Response:
    return redirect(url_for("albums.one", name=name), 303)
