"""`searchengine restore`: a backup in the library's place."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from searchengine.cli.options import FILE, with_settings
from searchengine.cli.output import note
from searchengine.errors import printable
from searchengine.settings import Settings


@click.command("restore")
@click.argument("file", type=FILE)
@with_settings
def command(file: Path, settings: Settings) -> None:
    """Put the backup FILE in the library's place. No other program may have the library open.

    On a terminal it asks before it replaces a library.

    \b
    searchengine restore photos.backup
    """
    from searchengine.library import Library

    library = printable(settings.library)
    if Library.exists(settings) and sys.stdin.isatty():
        click.confirm(f"Replace the library at {library}?", abort=True, err=True)
    Library.restore(settings, file)
    note(f"{library} is as it was in {printable(file)}. `searchengine index` takes in what has changed since.")
