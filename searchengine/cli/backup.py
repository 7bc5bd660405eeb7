"""`searchengine backup`: a consistent copy of a library that may be in use."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import FILE, with_settings
from searchengine.cli.output import note
from searchengine.errors import printable
from searchengine.settings import Settings


@click.command("backup")
@click.argument("file", type=FILE)
@with_settings
def command(file: Path, settings: Settings) -> None:
    """Copy the library's database to FILE, also while it is being indexed or searched.

    Everything that can't be made again is in it; thumbnails and the index file can. Photos are not.

    \b
    searchengine backup photos.backup
    """
    from searchengine.library import Library
    from searchengine.store.backup import backup

    with Library.open(settings) as library:
        backup(library.database, file)
    note(f"{printable(file)} holds the library ({file.stat().st_size / 1e6:,.1f} MB).")
    note(f"To put it back: `searchengine restore {printable(file)}`.")
