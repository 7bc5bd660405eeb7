"""`searchengine doctor`: whether everything in the library fits together."""

from __future__ import annotations

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.settings import Settings


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Mend what can be mended, rebuild what can be rebuilt.")
@with_settings
def command(repair: bool, settings: Settings) -> None:
    """Check the database, every vector, the index file and the model's files.

    \b
    searchengine doctor
    searchengine doctor --repair

    Ends with exit code 1 when something is wrong and wasn't mended.
    """
    from searchengine.doctor import examine
    from searchengine.library import Library

    ill = 0
    with Library.open(settings) as library:
        for finding in examine(library, repair=repair):
            click.echo(f"{finding.check}: {finding.what}{' Mended.' if finding.mended else ''}")
            ill += not finding.mended
    if not ill:
        note("The library is healthy.")
        return
    note(f"{ill:,} not mended." if repair else "`searchengine doctor --repair` mends what can be mended.")
    raise SystemExit(1)
