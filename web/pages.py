"""The search page. Scripts make it what a person enjoys; without them its form and its pages of photos work, too."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from searchengine.errors import QueryError, UsageError
from searchengine.records import PhotoData
from searchengine.searching.filters import Filter, filters
from web.context import the_library
from web.forms import FIELDS, Form, read_form
from web.lines import asked_line
from web.tiles import Tile, tile_of, tile_of_hit
from web.turns import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

blueprint = Blueprint("pages", __name__)

PAGE = 48  # photos on a page; fills rows of 2, 3, 4 and 6


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of photos."""

    tiles: tuple[Tile, ...] = ()
    notes: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    more: bool = False  # whether there is another page
    total: int | None = None  # photos on all pages, where that is known
    mistake: QueryError | None = None  # why there is no answer


@blueprint.get("/")
def search() -> tuple[str, int]:
    """The search by the form's fields; without words and photos, all photos, last taken first."""
    return _answered(read_form(request.args))


@blueprint.post("/")
def search_by_upload() -> tuple[str, int]:
    """The search by photos that the browser hands over, and by the form's other fields. They are kept nowhere."""
    form = read_form(request.form)
    photos = [PhotoData(file.filename, file.stream.read()) for file in request.files.getlist("photo") if file.filename]
    if not (photos or form.text or form.like):
        raise UsageError("No photo was chosen.", "Choose a file, or drop one on the page.")
    with MODEL.one():
        return _answered(form, photos)


def _answered(form: Form, photos: Sequence[PhotoData] = ()) -> tuple[str, int]:
    """The page with an answer, or with the mistake in what was asked, and its status."""
    try:
        answer = _answer(form, photos)
    except QueryError as error:
        answer = Answer(mistake=error)
    return _show(form, answer, uploaded=[photo.name for photo in photos]), 400 if answer.mistake else 200


def _answer(form: Form, photos: Sequence[PhotoData]) -> Answer:
    line = asked_line(form.text)
    results = the_library().search(
        line,
        like=(*form.like, *photos),
        limit=PAGE + 1,
        offset=(form.page - 1) * PAGE,
        everything=form.everything or not (line or form.like or photos),
        sort=form.sort,
    )
    return Answer(
        tiles=tuple(tile_of_hit(hit) for hit in islice(results, PAGE)),
        notes=results.notes,
        filters=tuple(filters(line or "")),
        more=len(results) > PAGE and not photos,
        total=results.total,
    )


def _show(form: Form, answer: Answer, *, uploaded: Sequence[str]) -> str:
    values = request.form if request.method == "POST" else request.args
    library = the_library()
    return render_template(
        "search.html",
        form=form,
        fields={name: values.getlist(name) for name in values if name in FIELDS and any(values.getlist(name))},
        answer=answer,
        uploaded=uploaded,
        liked=[tile_of(each) for each in library.database.photos.get(form.like)],
        asked=bool(form.text or form.like or uploaded),
        count=library.database.photos.count(),
    )
