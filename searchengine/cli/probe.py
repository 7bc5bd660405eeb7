"""`searchengine probe`: a person's own classes ("our dog"), learnt from a few photos of each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.options import FILE, with_settings
from searchengine.cli.output import harmless, note, note_left_out, write_json
from searchengine.cli.progress import showing_work
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.training.own_classes import OwnClass

WEAK = 0.5  # the share of the examples that is recognised, below which a class is of little use


@click.group("probe")
def command() -> None:
    """Teach the library your own classes from a few photos of each.

    A class becomes a label of every photo that shows it, also of those that come later.

    \b
    searchengine probe train labels.csv
    searchengine search 'on the beach' --label 'our dog'
    searchengine probe list
    """


@command.command("train")
@click.argument("table", type=FILE, metavar="LABELS.csv")
@with_settings
def train(table: Path, settings: Settings) -> None:
    """Learn the classes of LABELS.csv, which has the columns image and label: a line for each photo and class.

    Images are named by their path: beside the CSV, absolute, or in a folder of the library. Three photos of a class
    are the least, five do, twenty are better. The library's other photos stand for all that isn't in a class.
    Training a class again puts the new examples in place of the old ones.

    \b
    searchengine probe train labels.csv
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        with showing_work() as tell:
            problems = library.learn_classes(table, tell)
        classes = library.own_classes.all()
    note_left_out(problems)
    _write_table(classes)
    note_hardly_learnt(classes)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: name, examples, photos, accuracy, recall.")
@with_settings
def list_(as_json: bool, settings: Settings) -> None:
    """List the classes, how many photos have each, and how well each was learnt.

    \b
    searchengine probe list
    searchengine probe list --json
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        classes = library.own_classes.all()
    if as_json:
        write_json([asdict(each) for each in classes])
    else:
        _write_table(classes)


@command.command("remove")
@click.argument("name")
@with_settings
def remove(name: str, settings: Settings) -> None:
    """Forget the class NAME, its examples and its label.

    \b
    searchengine probe remove 'our dog'
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        library.own_classes.remove(name)
    note(f"'{name}' is forgotten.")


def note_hardly_learnt(classes: list[OwnClass]) -> None:
    """Name the classes that the model at hand hardly recognises."""
    for each in classes:
        if each.recall is not None and each.recall < WEAK:
            note(f"'{each.name}' is hardly told from your other photos yet: more examples, and more varied ones, help.")


def _write_table(classes: list[OwnClass]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not classes:
        note("There are no classes yet; `searchengine probe train LABELS.csv` makes some.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("class")
    for heading in ("examples", "recognised", "accuracy", "photos"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in classes:
        recognised, accuracy = (
            "not learnt" if share is None else f"{100 * share:.0f} %" for share in (each.recall, each.accuracy)
        )
        table.add_row(Text(harmless(each.name)), str(each.examples), recognised, accuracy, f"{each.photos:,}")
    Console().print(table)
    note("Recognised: of the examples, when they are held out. Accuracy: the same, with other photos counting alike.")
