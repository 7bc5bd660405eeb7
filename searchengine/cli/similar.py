"""`searchengine similar`: reverse lookup, from a photo to those that look like it."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import FILE, with_filters, with_output, with_ranking, with_settings
from searchengine.cli.output import write_results
from searchengine.conditions import Condition
from searchengine.records import Sort
from searchengine.settings import Settings


@click.command("similar")
@click.argument("photo", type=FILE)
@with_filters
@with_ranking
@with_output
@with_settings
def command(
    photo: Path,
    conditions: tuple[Condition, ...],
    everything: bool,
    sort: Sort,
    expand: bool,
    output: str | None,
    limit: int,
    offset: int,
    min_score: float | None,
    settings: Settings,
) -> None:
    """Find photos that look like PHOTO, which need not be in the library; if it is, it is left out.

    \b
    searchengine similar holiday.jpg
    searchengine similar scan.tif --limit 5 --folder ~/Pictures/1998
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        results = library.search(
            like=[photo],
            conditions=conditions,
            limit=limit,
            offset=offset,
            min_score=min_score,
            everything=everything,
            sort=sort,
            expand=expand,
        )
    write_results(results, output)
