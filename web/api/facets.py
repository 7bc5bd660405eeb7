"""What a search can be narrowed by in this library, for chips and histograms."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response
from pydantic import Field

from web.api.answers import answer
from web.api.blueprint import SEARCHING, api
from web.context import the_library
from web.tiles import Record


class Facet(Record):
    """Something that photos have in common."""

    name: str
    line: str = Field(description="The line of the query language that finds them.")
    count: int = Field(description="Photos.")


class Month(Record):
    """A month in which photos were taken."""

    month: str = Field(description="As 2019-07.")
    count: int


class Facets(Record):
    """All that a search can be narrowed by."""

    count: int = Field(description="Photos in the library.")
    undated: int = Field(description="Of them, those without a date.")
    months: list[Month] = Field(description="The earliest first; those without photos are left out.")
    cameras: list[Facet]
    formats: list[Facet]
    folders: list[Facet] = Field(description="By name, each with what lies below it.")
    labels: list[Facet]
    examples: list[str] = Field(description="Lines to try, made of what is in the library.")


@api.get("/facets", tags=[SEARCHING], responses={200: Facets})
def facets() -> Response:
    """Months, cameras, formats, folders and labels, each with its number of photos and the line that finds them."""
    overview = the_library().facets.overview()
    months = [Month(month=month.name, count=month.count) for month in overview.months]
    return answer(Facets(**asdict(overview) | {"months": months}))
