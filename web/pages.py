"""The search page with its answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from searchengine.errors import QueryError, UsageError, printable
from searchengine.photos.thumbnails import SIDE
from searchengine.records import FileState, PhotoData
from web.context import the_library
from web.forms import FIELDS, Form, read_form

if TYPE_CHECKING:
    from searchengine.records import Hit, Photo

blueprint = Blueprint("pages", __name__)

PAGE = 48  # photos on a page; fills rows of 2, 3, 4 and 6

FORMATS = ("jpeg", "heic", "png", "webp", "avif", "tiff", "gif", "bmp", "jp2")


@dataclass(frozen=True, slots=True)
class Tile:
    """A photo in a grid."""

    id: int
    name: str
    thumbnail: str  # its address
    width: int  # of the thumbnail, pixels
    height: int
    away: bool  # no place of it can be reached now
    fit: str | None = None  # how well it fits, in words
    alike: int = 0  # near-copies for which it stands


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of photos."""

    tiles: tuple[Tile, ...]
    notes: tuple[str, ...] = ()
    more: bool = False  # whether there is another page
    total: int | None = None  # photos on all pages, where that is known
    mistake: QueryError | None = None  # why there is no answer


@blueprint.get("/")
def search() -> tuple[str, int]:
    """The search by the form's fields; without words and photos, the photos themselves, last added first."""
    return _answered(read_form(request.args))


@blueprint.post("/")
def search_by_upload() -> tuple[str, int]:
    """The search by a photo that the browser hands over, and by the form's other fields. It is kept nowhere."""
    form = read_form(request.form)
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        if not (form.text or form.like):
            raise UsageError("No photo was chosen.", "Choose a file, or drop one on the page.")
        return _answered(form)
    photo = PhotoData(upload.filename, upload.stream.read())
    return _answered(form, photo)


def _answered(form: Form, photo: PhotoData | None = None) -> tuple[str, int]:
    """The page with an answer, or with the mistake in what was asked, and its status."""
    try:
        answer = _answer(form, photo)
    except QueryError as error:
        answer = Answer((), mistake=error)
    return _show(form, answer, uploaded=photo.name if photo else None), 400 if answer.mistake else 200


def _answer(form: Form, photo: PhotoData | None) -> Answer:
    offset = (form.page - 1) * PAGE
    if not (form.text or form.like or photo):
        ids = the_library().database.photos.matching(form.conditions)[::-1]
        photos = the_library().database.photos.get(ids[offset : offset + PAGE].tolist())
        return Answer(tuple(_tile(each) for each in photos), more=len(ids) > offset + PAGE, total=len(ids))
    results = the_library().search(
        form.text or None,
        like=(*form.like, photo) if photo else form.like,
        conditions=form.conditions,
        limit=PAGE + 1,
        offset=offset,
        everything=form.everything,
    )
    tiles = tuple(_hit(hit) for hit in islice(results, PAGE))
    return Answer(tiles, results.notes, more=len(results) > PAGE and photo is None)


def _show(form: Form, answer: Answer, *, uploaded: str | None = None) -> str:
    values = request.form if request.method == "POST" else request.args
    fields = {name: values.getlist(name) for name in values if name in FIELDS and any(values.getlist(name))}
    library = the_library()
    return render_template(
        "search.html",
        form=form,
        fields=fields,
        answer=answer,
        uploaded=uploaded,
        liked=[_tile(each) for each in library.database.photos.get(form.like)],
        asked=bool(form.text or form.like or uploaded),
        count=library.database.photos.count(),
        roots=[printable(root.path) for root in library.database.roots.all()],
        formats=FORMATS,
    )


def _hit(hit: Hit) -> Tile:
    fit = None if hit.relevance is None else f"{hit.band}, {hit.relevance:.2f}"
    return replace(_tile(hit.photo), fit=fit, alike=len(hit.alike))


def _tile(photo: Photo) -> Tile:
    scale = min(1, SIDE / max(photo.facts.width, photo.facts.height))
    shown = [file for file in photo.files if file.state is not FileState.MISSING] or list(photo.files)
    return Tile(
        id=photo.id,
        name=printable(os.path.basename(shown[0].path)) if shown else "",  # noqa: PTH119  # paths are bytes
        thumbnail=url_for("media.thumbnail", photo_id=photo.id, v=_version(photo)),
        width=max(1, round(photo.facts.width * scale)),
        height=max(1, round(photo.facts.height * scale)),
        away=all(file.state is not FileState.PRESENT for file in photo.files),
    )


def _version(photo: Photo) -> str:
    """What makes a picture's address change with its content."""
    return photo.fingerprint.hex()[:8]
