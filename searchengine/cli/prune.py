"""`searchengine prune`: forget photos that are gone."""

from __future__ import annotations

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.errors import printable
from searchengine.settings import Settings


@click.command("prune")
@with_settings
def command(settings: Settings) -> None:
    """Forget photos whose files are gone from folders that are there. Photos on a drive that is away stay.

    \b
    searchengine prune

    Prints the path of each file that is forgotten. No photo is deleted: they are gone already. What you searched for,
    which is kept to answer the same words sooner, is forgotten too; saved searches and feedback stay.
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        pruned = library.prune()
    for path in pruned.paths:
        click.echo(printable(path))
    note(f"{len(pruned.paths):,} files and {len(pruned.fingerprints):,} photos forgotten.")
