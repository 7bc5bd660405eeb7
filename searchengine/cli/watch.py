"""`searchengine watch`: the library kept up to date while photos come and go."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.cli.report import write_report
from searchengine.errors import printable
from searchengine.settings import Settings


@click.command("watch")
@with_settings
def command(settings: Settings) -> None:
    """Take in photos as they come into the library's folders, until Ctrl-C.

    \b
    searchengine index ~/Pictures
    searchengine watch
    """
    from searchengine.library import Library

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with Library.open(settings) as library:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, on_signal)
        for root in library.database.roots.all():
            note(f"Watching {printable(root.path)} (Ctrl-C ends it)")
        library.watch(write_report, stop)
