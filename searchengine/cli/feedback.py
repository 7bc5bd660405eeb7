"""`searchengine feedback`: say which photos of an answer fit, and which don't."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from searchengine.cli.options import with_output, with_settings
from searchengine.cli.output import harmless, note, write_json, write_results
from searchengine.errors import printable
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.library import Library

PHOTOS = "Ids, as a search prints them, or paths; several with commas, or given again."


@click.command("feedback")
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("--good", multiple=True, metavar="PHOTOS", help=f"Photos that fit. {PHOTOS}")
@click.option("--bad", multiple=True, metavar="PHOTOS", help="Photos that don't.")
@click.option("--undo", "what", flag_value="undo", help="Take back what was said last; what was said before holds.")
@click.option("--forget", "what", flag_value="forget", help="Take back all that was said, and concepts made of it.")
@click.option("--show", "what", flag_value="show", help="List what was said, and nothing else.")
@click.option("--save-as", "concept", metavar="NAME", help="Make a label of it, for all photos and later ones.")
@with_output
@with_settings
def command(
    words: tuple[str, ...],
    good: tuple[str, ...],
    bad: tuple[str, ...],
    what: str | None,
    concept: str | None,
    output: str | None,
    limit: int,
    offset: int,
    min_score: float | None,
    settings: Settings,
) -> None:
    """Say which photos of the answer to QUERY fit and which don't, and see the answer that follows from it.

    It is remembered with the query: every later search for it asks for what you meant. A photo that you said fits comes
    first, one that doesn't is left out. As a concept it is a label like any other: in queries, in albums, on photos
    that come later.

    \b
    searchengine feedback 'a dog' --good 12,17 --bad 3
    searchengine feedback 'a dog' --good Trips/IMG_4.jpg
    searchengine feedback 'a dog' --undo
    searchengine feedback 'a dog' --save-as 'my dog'
    searchengine search 'tag:"my dog" on the beach'
    """
    from searchengine.library import Library

    if what and (good or bad or concept):
        raise click.UsageError(f"--{what} stands alone: give --good, --bad and --save-as in a call of their own.")
    if not (what or good or bad or concept):
        raise click.UsageError("Say of which photos: --good 12,17, --bad 3. See also --show and --undo.")
    line = " ".join(words)
    with Library.open(settings) as library:
        if what == "show":
            _show(library, line, as_json=output == "json")
            return
        if what == "undo":
            library.searches.undo(line)
        elif what == "forget":
            library.searches.forget(line)
        if good or bad:
            library.searches.mark(line, list(_each(good)), list(_each(bad)))
        if concept is not None:
            library.searches.save_as(line, concept)
            note(f"Photos like those have the label '{concept}' from now on.")
        results = library.search(line, limit=limit, offset=offset, min_score=min_score)
    write_results(results, output)


def _each(values: Sequence[str]) -> Iterator[str]:
    """The photos that are named, several by one value where that is no file of its own."""
    for value in values:
        whole = os.path.exists(value)  # noqa: PTH110  # Path.exists raises for a name that is too long
        yield from [value] if whole else filter(None, map(str.strip, value.split(",")))


def _show(library: Library, line: str, *, as_json: bool) -> None:
    search = library.searches.of(line)
    good, bad = (search.good, search.bad) if search else ((), ())
    if as_json:
        write_json({"query": search.line if search else line, "good": list(good), "bad": list(bad)})
        return
    paths = {photo.id: photo.files[0].path if photo.files else b"" for photo in library.database.photos.get(good + bad)}
    for word, ids in (("good", good), ("bad", bad)):
        for photo_id in ids:
            click.echo(f"{word}\t{photo_id}\t{harmless(printable(paths.get(photo_id, b'')))}")
    if not good and not bad:
        note(f"Nothing was said of the answer to '{line}'.")
        raise SystemExit(1)
