"""What can be asked of a search, as the document describes it, and photos that are handed over."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from flask import request
from pydantic import BaseModel, ConfigDict, Field

from searchengine.errors import UsageError
from searchengine.records import PhotoData, Sort
from web.api.blueprint import SCHEMAS
from web.forms import MAX_ID, MOST_LIKE
from web.lines import LONGEST_LINE

MOST_PHOTOS = 8  # handed over at once

PhotoId = Annotated[int, Field(ge=1, le=MAX_ID)]


class Asked(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    q: str = Field(
        default="", max_length=LONGEST_LINE, description="A line of the query language; plain words need no syntax."
    )
    like: list[PhotoId] = Field(
        default=[], max_length=MOST_LIKE, description="Ids of photos that the answer should look like."
    )
    everything: bool = Field(default=False, alias="all", description="Also photos that don't fit.")
    sort: Sort = Field(default=Sort.RELEVANCE, description="Of what fits, the best or the last taken first.")
    expand: bool = Field(default=False, description="Near-copies one by one, instead of the best for all.")
    min_score: float | None = Field(
        default=None, ge=-1, le=1, description="Only photos with at least this cosine similarity to what is asked."
    )
    facts: bool = Field(default=False, description="Also all that is known of each photo, as for one alone.")

    @classmethod
    @cache
    def model_json_schema(cls, *how: Any, **more: Any) -> dict[str, Any]:  # type: ignore[override]  # as it stands, kept
        """The schema, of which flask-openapi3 wants a look with every request."""
        return super().model_json_schema(*how, **more)


class AskedPage(Asked):
    """What is asked, and which part of the answer is wanted."""

    limit: int = Field(default=60, ge=1, le=500, description="Photos on a page, at most.")
    cursor: str | None = Field(default=None, max_length=64, description="From the page before; else the first page.")


class AskedWithPhotos(Asked):
    """What is asked beside the photos that are handed over."""

    limit: int = Field(default=60, ge=1, le=200, description="Photos in the answer, at most.")


class Paged(BaseModel):
    """Which part of a list is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=60, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=64, description="From the page before; else the first page.")


def upload(form: type[BaseModel] | None = None, most: int = MOST_PHOTOS) -> dict[str, Any]:
    """A form with the field photo, and those of a record, as the document describes it."""
    photo = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "maxItems": most}
    fields = form.model_json_schema(ref_template=SCHEMAS + "{model}")["properties"] if form else {}
    schema = {"type": "object", "properties": {"photo": photo, **fields}, "required": ["photo"]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def uploaded(most: int = MOST_PHOTOS) -> list[PhotoData]:
    """The photos in the request, held in memory. Raises UsageError where there is none, or too many."""
    files = [file for file in request.files.getlist("photo") if file.filename]
    if not files:
        raise UsageError("There is no photo in the request.", "Send its file as the form's field photo.")
    if len(files) > most:
        raise UsageError(f"There are {len(files)} photos in the request, and {most} can be asked about at once.")
    return [PhotoData(file.filename or "", file.stream.read()) for file in files]


def form_fields(*lists: str) -> dict[str, Any]:
    """The form's other fields, as they were written; of those named, all values."""
    # Not by flask-openapi3, which would read a phrase in quotes as JSON and drop the quotes.
    form = request.form
    return {name: form.getlist(name) if name in lists else form[name] for name in form if name != "csrf_token"}
