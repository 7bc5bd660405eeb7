"""What a person says of the photos in a query's answer; later answers follow it."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from searchengine.errors import UsageError
from web.api.answers import answer
from web.api.asked import PhotoId
from web.api.blueprint import SEARCHING, api
from web.context import the_library
from web.lines import LONGEST_LINE, asked_line
from web.tiles import Record

Marked = Annotated[list[PhotoId], Field(max_length=1000)]
Query = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE, description="The query, as it was asked.")]


class OfQuery(BaseModel):
    """Of which query."""

    model_config = ConfigDict(extra="forbid")

    q: Query


class Said(OfQuery):
    """What a person says of an answer."""

    good: Marked = Field(default=[], description="Photos that fit.")
    bad: Marked = Field(default=[], description="Photos that don't.")


class Feedback(Record):
    """What holds of a query's answer."""

    q: str
    good: tuple[int, ...]
    bad: tuple[int, ...]


@api.get("/feedback", tags=[SEARCHING], responses={200: Feedback})
def feedback(query: OfQuery) -> Response:
    """What was said of a query's answer."""
    return answer(_feedback(_line(query.q)))


@api.post("/feedback", tags=[SEARCHING], responses={200: Feedback})
def give_feedback(body: Said) -> Response:
    """Say which photos of an answer fit and which don't; from now on it follows that."""
    line = _line(body.q)
    the_library().searches.mark(line, body.good, body.bad)
    return answer(_feedback(line))


@api.delete("/feedback", tags=[SEARCHING], responses={200: Feedback})
def undo_feedback(query: OfQuery) -> Response:
    """Take back what was said last; what was said before holds again."""
    line = _line(query.q)
    the_library().searches.undo(line)
    return answer(_feedback(line))


def _line(text: str) -> str:
    line = asked_line(text)
    if line is None:
        raise UsageError("The query is empty.", "Give the words that were asked for.")
    return line


def _feedback(line: str) -> Feedback:
    said = the_library().searches.of(line)
    return Feedback(q=said.line if said else line, good=said.good if said else (), bad=said.bad if said else ())
