"""`searchengine forget`: stop watching a folder."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.settings import Settings


@click.command("forget")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@with_settings
def command(folder: Path, settings: Settings) -> None:
    """Stop watching FOLDER: its photos aren't found any more, and nothing happens to them.

    What lies in another folder of the library too stays. Until `searchengine prune`, taking FOLDER in again costs no
    embedding.

    \b
    searchengine forget ~/Pictures/Screenshots
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        files = library.forget(folder)
    note(f"{files:,} files are no longer in the library; they lie where they lay.")
