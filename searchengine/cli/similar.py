"""`searchengine similar`: reverse lookup, from a photo to those that look like it."""

from __future__ import annotations

import click

from searchengine.cli.options import with_filters, with_output, with_ranking, with_server, with_settings
from searchengine.cli.output import write_results
from searchengine.conditions import Condition
from searchengine.records import Query, Sort
from searchengine.settings import Settings


@click.command("similar")
@click.argument("photo")
@with_filters
@with_ranking
@with_output
@with_settings
@with_server
def command(
    photo: str,
    conditions: tuple[Condition, ...],
    everything: bool,
    sort: Sort,
    expand: bool,
    output: str | None,
    limit: int,
    offset: int,
    min_score: float | None,
    server: str | None,
    settings: Settings,
) -> None:
    """Find photos that look like PHOTO, which need not be in the library; if it is, it is left out.

    PHOTO is a path, or the id that a search prints.

    \b
    searchengine similar holiday.jpg
    searchengine similar 17
    searchengine similar scan.tif --limit 5 --folder ~/Pictures/1998
    """
    from searchengine.searching.named import path_or_id

    if server is not None:
        from searchengine.cli.remote import ask_server

        query = Query(None, (path_or_id(photo),), conditions, limit, offset, min_score, everything, sort, expand)
        write_results(ask_server(server, query), output)
        return
    from searchengine.library import Library

    with Library.open(settings) as library:
        results = library.search(
            like=[path_or_id(photo)],
            conditions=conditions,
            limit=limit,
            offset=offset,
            min_score=min_score,
            everything=everything,
            sort=sort,
            expand=expand,
        )
    write_results(results, output)
