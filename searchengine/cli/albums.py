"""`searchengine albums`: saved queries that fill themselves, with what is put in and taken out by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note, write_json, write_results
from searchengine.conditions import InAlbum
from searchengine.records import Band
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.searching.albums import AlbumFacts

LEAST = click.Choice([str(band) for band in Band if band is not Band.NONE])

PHOTOS = click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")


@click.group("albums", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON list: name, query, least, photos, pinned, taken_out.")
@with_settings
@click.pass_context
def command(ctx: click.Context, as_json: bool, settings: Settings) -> None:
    """List the albums: queries that fill themselves, with what you pin to them and take out of them by hand.

    PHOTO is a path, or the id that a search prints. No photo is ever moved or copied.

    \b
    searchengine albums
    searchengine albums add Sunsets 'sunset over the sea'
    searchengine albums show Sunsets
    searchengine search 'album:Sunsets date:2019'
    """
    from searchengine.library import Library

    if ctx.invoked_subcommand is not None:
        return
    with Library.open(settings) as library:
        albums = library.albums.all()
    if as_json:
        write_json([asdict(album) for album in albums])
    else:
        _write_table(albums)


@command.command("add")
@click.argument("name")
@click.argument("query", required=False)
@click.option(
    "--min-relevance", "least", type=LEAST, default=str(Band.GOOD), show_default=True,
    help="How well a photo must fit the query.",
)  # fmt: skip
@with_settings
def add(name: str, query: str | None, least: str, settings: Settings) -> None:
    """Make the album NAME, which QUERY fills now and whenever photos come in; without one, you fill it by hand.

    \b
    searchengine albums add Sunsets 'sunset over the sea' --min-relevance good
    searchengine albums add 'Trips 2019' 'folder:Trips date:2019'
    searchengine albums add Best
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.albums.add(name, query, Band(least))
        _tell(name, len(library.albums.ids(name)))


@command.command("change")
@click.argument("name")
@click.argument("query", required=False)
@click.option("--min-relevance", "least", type=LEAST, help="How well a photo must fit the query.")
@with_settings
def change(name: str, query: str | None, least: str | None, settings: Settings) -> None:
    """Fill the album NAME with another QUERY ('' for none), or ask more or less of it. What was done by hand stays.

    \b
    searchengine albums change Sunsets 'sunset' --min-relevance strong
    """
    from searchengine.library import Library

    if query is None and least is None:
        raise click.UsageError("Nothing was to be changed. Give a QUERY or --min-relevance.")
    with Library.open(settings) as library:
        was = library.database.albums.named(name)
        library.albums.change(name, was.line if query is None else query, was.least if least is None else Band(least))
        _tell(was.name, len(library.albums.ids(name)))


@command.command("show")
@click.argument("name")
@click.option("--pinned", "by_hand", flag_value="pinned", help="Only what was pinned to it.")
@click.option("--taken-out", "by_hand", flag_value="taken out", help="What was taken out of it instead.")
@click.option("--json", "output", flag_value="json", help="A JSON list, as `search` prints it.")
@click.option("--paths", "output", flag_value="paths", help="One path a line and nothing else, for pipes.")
@click.option("-0", "output", flag_value="null", help="Paths with a zero byte behind each, for `xargs -0`.")
@click.option("--limit", "-n", type=click.IntRange(min=1), help="How many at most.  [default: all]")
@with_settings
def show(name: str, by_hand: str | None, output: str | None, limit: int | None, settings: Settings) -> None:
    """Show the photos of the album NAME, the newest first.

    \b
    searchengine albums show Sunsets
    searchengine albums show Sunsets -0 | xargs -0 -I{} cp {} sunsets/
    searchengine albums show Sunsets --taken-out

    Ends with exit code 1 when there are none.
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        if by_hand is None:
            limit = limit or max(len(library.albums.ids(name)), 1)
            results = library.search(conditions=[InAlbum(name)], limit=limit, expand=True)
        else:
            results = library.albums.by_hand(name, pinned=by_hand == "pinned", limit=limit)
    write_results(results, output)


@command.command("pin")
@click.argument("name")
@PHOTOS
@with_settings
def pin(name: str, photos: tuple[str, ...], settings: Settings) -> None:
    """Put photos into the album NAME, whatever its query says.

    \b
    searchengine albums pin Sunsets holiday.jpg 17
    searchengine search 'red sky' -0 | xargs -0 searchengine albums pin Sunsets
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        count = library.albums.pin(name, photos)
    note(f"{_photos(count)} pinned to '{name}'.")


@command.command("take-out")
@click.argument("name")
@PHOTOS
@with_settings
def take_out(name: str, photos: tuple[str, ...], settings: Settings) -> None:
    """Take photos out of the album NAME, whatever its query says; they stay in the library.

    \b
    searchengine albums take-out Sunsets sunrise.jpg
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        count = library.albums.take_out(name, photos)
    note(f"{_photos(count)} taken out of '{name}'. To undo that: `searchengine albums undo`.")


@command.command("undo")
@click.argument("name")
@PHOTOS
@with_settings
def undo(name: str, photos: tuple[str, ...], settings: Settings) -> None:
    """Undo what was pinned to the album NAME or taken out of it: its query decides on these photos again.

    \b
    searchengine albums undo Sunsets sunrise.jpg
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        count = library.albums.undo(name, photos)
    note(f"The query of '{name}' decides on {_photos(count)} again.")


@command.command("rename")
@click.argument("name")
@click.argument("new_name")
@with_settings
def rename(name: str, new_name: str, settings: Settings) -> None:
    """Call the album NAME otherwise.

    \b
    searchengine albums rename Sunsets 'Sunsets by the sea'
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.albums.rename(name, new_name)
    note(f"'{name}' is called '{new_name}' now.")


@command.command("remove")
@click.argument("name")
@with_settings
def remove(name: str, settings: Settings) -> None:
    """Forget the album NAME; its photos stay in the library.

    \b
    searchengine albums remove Sunsets
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.albums.remove(name)
    note(f"'{name}' is forgotten.")


def _photos(count: int) -> str:
    return f"{count:,} photo" if count == 1 else f"{count:,} photos"


def _tell(name: str, count: int) -> None:
    note(f"'{name}' holds {_photos(count)} now. To see them: `searchengine albums show '{name}'`.")


def _write_table(albums: list[AlbumFacts]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not albums:
        note("There are no albums yet; `searchengine albums add NAME 'QUERY'` makes one.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("album", overflow="fold")
    table.add_column("photos", justify="right", no_wrap=True)
    for heading in ("pinned", "taken out"):
        table.add_column(heading, justify="right", style="dim", no_wrap=True)
    table.add_column("filled by", overflow="fold")
    table.add_column("from", style="dim", no_wrap=True)
    for album in albums:
        count = "?" if album.photos is None else f"{album.photos:,}"
        name, query = (Text(harmless(text or "")) for text in (album.name, album.query))
        least = "" if album.query is None else str(album.least)
        table.add_row(name, count, f"{album.pinned or ''}", f"{album.taken_out or ''}", query, least)
    Console().print(table)
    for album in albums:
        if album.problem is not None:
            note(f"{album.name}: {album.problem} {album.next_step}".rstrip())
