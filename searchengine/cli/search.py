"""`searchengine search`: photos by words, by another photo, or by both."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import FILE, with_filters, with_output, with_settings
from searchengine.cli.output import write_results
from searchengine.conditions import Condition
from searchengine.settings import Settings


@click.command("search")
@click.argument("words", nargs=-1, metavar="[TEXT]")
@click.option("--like", type=FILE, multiple=True, metavar="PHOTO", help="Also like this photo; may be given again.")
@with_filters
@with_output
@with_settings
def command(
    words: tuple[str, ...],
    like: tuple[Path, ...],
    conditions: tuple[Condition, ...],
    output: str | None,
    limit: int,
    offset: int,
    min_score: float | None,
    settings: Settings,
) -> None:
    """Find photos that fit TEXT, look like a photo, or both.

    \b
    searchengine search 'a dog running on grass'
    searchengine search 'at night' --like city.jpg
    searchengine search 'birthday cake' --after 2019-07 --camera canon
    searchengine search 'on the beach' --label 'our dog'
    searchengine search 'a cat' -0 | xargs -0 -I{} cp {} cats/

    Ends with exit code 1 when nothing is found.
    """
    from searchengine.library import Library

    text = " ".join(words) or None  # the quotes are often forgotten
    with Library.open(settings) as library:
        results = library.search(
            text, like=like, conditions=conditions, limit=limit, offset=offset, min_score=min_score
        )
    write_results(results, output)
