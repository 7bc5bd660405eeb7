"""The search page. Scripts make it what a person enjoys; without them its form and its pages of photos work, too.

Both show what the API answers: the first page of it comes with the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from searchengine.errors import QueryError, UsageError
from web.api.asked import AskedPage, AskedWithPhotos, uploaded
from web.api.search import Found, find, find_alike
from web.context import the_library
from web.forms import FIELDS, Form, read_form
from web.tiles import tile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.records import PhotoData

blueprint = Blueprint("pages", __name__)

PAGE = 48  # photos on a page; fills rows of 2, 3, 4 and 6


@blueprint.get("/")
def search() -> tuple[str, int]:
    """The search by the form's fields; without words and photos, all photos, last taken first."""
    return _answered(read_form(request.args))


@blueprint.post("/")
def search_by_upload() -> tuple[str, int]:
    """The search by photos that the browser hands over, and by the form's other fields. They are kept nowhere."""
    form = read_form(request.form)
    photos = uploaded() if any(request.files.getlist("photo")) else []
    if not (photos or form.text or form.like):
        raise UsageError("No photo was chosen.", "Choose a file, or drop one on the page.")
    return _answered(form, photos)


def _answered(form: Form, photos: Sequence[PhotoData] = ()) -> tuple[str, int]:
    """The page with an answer, or with the mistake in what was asked, and its status."""
    names = [photo.name for photo in photos]
    try:
        found = _found(form, photos)
    except QueryError as error:
        return _show(form, None, error, names), 400
    return _show(form, found, None, names), 200


def _found(form: Form, photos: Sequence[PhotoData]) -> Found:
    # `read_form` has looked at the fields.
    asked = AskedPage.model_construct(
        q=form.text, like=list(form.like), everything=form.everything, sort=form.sort, limit=PAGE
    )
    if photos:
        return find_alike(AskedWithPhotos.model_construct(**dict(asked)), photos)
    return find(asked, offset=(form.page - 1) * PAGE)


def _show(form: Form, found: Found | None, mistake: QueryError | None, uploaded: Sequence[str]) -> str:
    values = request.form if request.method == "POST" else request.args
    library = the_library()
    return render_template(
        "search.html",
        form=form,
        fields={name: values.getlist(name) for name in values if name in FIELDS and any(values.getlist(name))},
        found=found,
        first=found.model_dump(mode="json") if found and form.page == 1 and not uploaded else None,
        mistake=mistake,
        uploaded=uploaded,
        liked=[tile_of(each) for each in library.database.photos.get(form.like)],
        asked=bool(form.text or form.like or uploaded),
        count=library.database.photos.count(),
    )
