"""`searchengine search`: photos by a line of the query language, by another photo, or by both."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import FILE, with_filters, with_output, with_ranking, with_server, with_settings
from searchengine.cli.output import harmless, note, write_json, write_results
from searchengine.conditions import Condition
from searchengine.records import Query, Sort
from searchengine.settings import Settings


@click.command("search")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@click.option("--like", type=FILE, multiple=True, metavar="PHOTO", help="Also like this photo; may be given again.")
@click.option("--rerank", is_flag=True, help="Look at the first 50 again, each together with the words: slow, and "
              "better (`searchengine models pull blip-itm`).")  # fmt: skip
@click.option("--rerank-model", metavar="NAME", help="The model for that.  [default: blip-itm]")
@click.option("--why", is_flag=True, help="Show which words of the query each photo fits.")
@click.option("--plan", "show_plan", is_flag=True, help="Show how the query is understood, and don't search.")
@with_filters
@with_ranking
@with_output
@with_settings
@with_server
def command(
    words: tuple[str, ...],
    like: tuple[Path, ...],
    rerank: bool,
    rerank_model: str | None,
    why: bool,
    show_plan: bool,
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
    """Find photos that fit QUERY, look like a photo, or both; the answer ends where photos don't fit any more.

    Plain words need no syntax. A query that begins with a minus goes behind `--`.

    \b
    searchengine search 'two dogs on a beach'
    searchengine search '"birthday cake" -people'       must fit; must not
    searchengine search 'beach^2 sunset'                weighs twice
    searchengine search 'like:city.jpg "at night"'      another photo, and words
    searchengine search 'tag:dog camera:"Canon EOS" folder:Trips format:heic'
    searchengine search 'date:2019..2021 near:48.85,2.35,10km width:>4000'
    searchengine search '(lake OR sea) -is:duplicate' --sort date
    searchengine search 'two dogs on a beach' --why     which words each fits: dogs ●●● beach ●○○
    searchengine search 'a cat' -0 | xargs -0 -I{} cp {} cats/
    searchengine search 'a cat' --server http://localhost:5005

    Fields: tag, album, camera, caption, date, folder, format, height, is (duplicate, unlabelled, offline, raw), like,
    near, width. Ends with exit code 1 when nothing is found.
    """
    line = " ".join(words) or None  # the quotes are often forgotten
    if show_plan:
        write_plan(line, like, conditions, output)
        return
    if server is not None:
        from searchengine.cli.remote import ask_server

        if why or rerank or rerank_model:
            raise click.UsageError("A server answers neither --why nor --rerank: leave --server out for them.")
        query = Query(line, like, conditions, limit, offset, min_score, everything, sort, expand)
        write_results(ask_server(server, query), output)
        return
    from searchengine.library import Library

    with Library.open(settings) as library:
        results = library.search(
            line,
            like=like,
            conditions=conditions,
            limit=limit,
            offset=offset,
            min_score=min_score,
            everything=everything,
            sort=sort,
            expand=expand,
            rerank=_matcher(rerank_model) if rerank or rerank_model else None,
        )
        reasons = library.why(line, results) if why and line else None
    write_results(results, output, reasons)


def _matcher(name: str | None) -> str:
    """The model that looks again."""
    from searchengine.embedding.catalog import MATCHER

    note("Looking at the first photos again; this can take a minute.")
    return name or MATCHER


def write_plan(line: str | None, like: tuple[Path, ...], conditions: tuple[Condition, ...], output: str | None) -> None:
    """How a query is understood, in words or as JSON."""
    from searchengine.searching.plan import plan
    from searchengine.searching.plan_words import as_values, in_words

    planned = plan(line, like, conditions)
    if output == "json":
        write_json(as_values(planned))
    else:
        click.echo("\n".join(map(harmless, in_words(planned).splitlines())))
