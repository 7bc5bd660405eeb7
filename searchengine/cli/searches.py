"""`searchengine searches`: queries that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note, write_json
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.store.searches import Search


@click.group("searches")
def command() -> None:
    """Keep queries to ask again; `describe` says which of them would have found a photo.

    \b
    searchengine searches save 'birthday cake date:2019..2021'
    searchengine searches list
    searchengine searches remove 'birthday cake date:2019..2021'
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: query, good and bad (ids of marked photos).")
@with_settings
def list_(as_json: bool, settings: Settings) -> None:
    """List the saved queries, one a line.

    \b
    searchengine searches list
    searchengine searches list --json
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        saved = library.searches.saved()
    if as_json:
        write_json([{"query": each.line, "good": list(each.good), "bad": list(each.bad)} for each in saved])
        return
    for each in saved:
        click.echo(harmless(each.line) + _marks(each))
    if not saved:
        note("No search is saved yet; `searchengine searches save QUERY` keeps one.")


@command.command("save")
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@with_settings
def save(words: tuple[str, ...], settings: Settings) -> None:
    """Keep QUERY.

    \b
    searchengine searches save 'two dogs on a beach'
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.searches.save(" ".join(words))
    note("It is kept; `searchengine searches list` shows all of them.")


@command.command("remove")
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@with_settings
def remove(words: tuple[str, ...], settings: Settings) -> None:
    """Keep QUERY no longer. What you said of its answer stays (`feedback --forget` takes that back).

    \b
    searchengine searches remove 'two dogs on a beach'
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.searches.remove(" ".join(words))
    note("It isn't kept any more.")


def _marks(search: Search) -> str:
    number = len(search.good) + len(search.bad)
    return f"\t{number} photo{'' if number == 1 else 's'} marked" if number else ""
