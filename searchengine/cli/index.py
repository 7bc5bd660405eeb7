"""`searchengine index`: photos into the library. The question which model to use is asked here and nowhere else."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from searchengine.cli.models import pull_model
from searchengine.cli.options import with_precision, with_settings
from searchengine.cli.output import note
from searchengine.cli.progress import showing_progress
from searchengine.cli.report import write_report
from searchengine.settings import Settings


@click.command("index")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out what this gitignore pattern fits.")
@click.option("--model", metavar="NAME", help="The model for a new library: a name from `searchengine models`, "
              "a hub name or a folder.  [env: SEARCHENGINE_MODEL]")  # fmt: skip
@click.option("--strict", is_flag=True, help="End with exit code 1 when some photos can't be read.")
@with_precision
@with_settings
def command(
    folders: tuple[Path, ...],
    exclude: tuple[str, ...],
    model: str | None,
    strict: bool,
    precision: str,
    settings: Settings,
) -> None:
    """Take the photos in FOLDERS into the library; without FOLDERS, look again at those it knows.

    Photos stay where they are and as they are. What didn't change costs next to nothing, a moved or copied photo no
    embedding; Ctrl-C stops at any moment and keeps what is done.

    \b
    searchengine index ~/Pictures
    searchengine index ~/Pictures /mnt/nas/photos --exclude 'Screenshots/' --exclude '*.gif'
    searchengine index
    """
    from searchengine.library import Library

    if exclude and not folders:
        raise click.UsageError("--exclude is kept with the folders that it is given for. Name them, too.")
    settings = dataclasses.replace(settings, model=model)
    if not Library.exists(settings) and not (settings.model or settings.default_model):
        settings = dataclasses.replace(settings, model=_choose_model(settings))
    with Library.open(settings, create=True) as library, showing_progress() as progress:
        report = library.index(folders, exclude=exclude or None, precision=precision, progress=progress)
    write_report(report)
    if report.interrupted:
        raise SystemExit(130)
    if strict and report.unreadable:
        raise SystemExit(1)


def _choose_model(settings: Settings) -> str:
    """The model for a new library, when neither an option nor the environment names one: asked once, on a terminal."""
    from searchengine.embedding.catalog import BUILTIN, RECOMMENDED, find

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        note(f"Using the built-in model. For one that finds more: `searchengine models pull {RECOMMENDED}`, "
             f"then `searchengine models use {RECOMMENDED}`.")  # fmt: skip
        return BUILTIN
    entry = find(RECOMMENDED)
    size = f", a download of {entry.download / 1e6:,.0f} MB, once" if entry and entry.download else ""
    note("Which model shall look at your photos? It can be changed later with `searchengine models use`.")
    note(f"  {BUILTIN:<10} comes with the program; small and quick; knows everyday things")
    note(f"  {RECOMMENDED:<10} finds a good deal more{size}")
    choice: str = click.prompt("Model", type=click.Choice([BUILTIN, RECOMMENDED]), default=BUILTIN, err=True)
    if choice != BUILTIN:
        pull_model(settings, choice)
    return choice
