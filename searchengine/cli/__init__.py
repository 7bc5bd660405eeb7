"""The command line: parse, call the library, print. One file a command; what they share stands in a few others.

Here is the group that loads each command when it is called, and the one place where our errors become exit codes:
0 done, 1 nothing found (or, with --strict, some photos unreadable), 2 wrong use, 3 the library or model can't be used;
130 after Ctrl-C.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
from difflib import get_close_matches
from textwrap import indent

import click

from searchengine import __version__
from searchengine.errors import QueryError, SearchEngineError, UsageError

COMMANDS = {
    "index": "Take photos into the library, or look again at those it knows.",
    "search": "Find photos in words, with another photo, or with both.",
    "similar": "Find photos that look like this one.",
    "feedback": "Say which photos of an answer fit, and which don't.",
    "searches": "Keep queries to ask again.",
    "albums": "Keep albums: queries that fill themselves, and photos put in by hand.",
    "explain": "Draw which regions of a photo speak for a query.",
    "duplicates": "List what is there more than once, and which to keep.",
    "serve": "Open the search page in the browser.",
    "password": "Set the password that other machines are asked for.",
    "tokens": "Let programs on other machines use the API.",
    "watch": "Keep the library up to date while photos come and go.",
    "status": "Show what the library holds and what couldn't be read.",
    "forget": "Stop watching a folder.",
    "prune": "Forget photos that are gone.",
    "doctor": "Check that everything in the library fits together.",
    "backup": "Write a copy of the library's database to a file.",
    "restore": "Put a backup in the library's place.",
    "models": "List, download, switch and carry models.",
    "samples": "Write out a few photographs to try the program on.",
    "describe": "Say what is in a photo: labels, captions, saved searches.",
    "tags": "Count and export labels, or write them beside the photos.",
    "probe": "Teach the library your own classes from a few photos.",
    "classify": "Sort a folder's photos into classes that you name.",
    "captions": "Keep sentences for photos, or have a captioner write some.",
    "evaluate": "Measure how well a model finds and sorts photos.",
    "fine-tune": "Teach a model your own photos and captions.",
    "train": "Train a model on captioned photos, or the built-in one anew.",
    "bench": "Measure how fast the program is on this machine.",
}
"""Every command with its line in the overview, so that `--help` imports none of them."""


STOPPED = 130
"""The exit code after Ctrl-C, as shells have it; click's own would say that nothing was found."""


class WrongUseError(click.ClickException):
    """One of our errors on its way to the terminal: what was asked for makes no sense."""

    exit_code = 2


class UnusableError(click.ClickException):
    """One of our errors on its way to the terminal: the library or the model can't be used."""

    exit_code = 3


class LazyGroup(click.Group):
    """Imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"searchengine.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SearchEngineError as error:
            failed = WrongUseError if isinstance(error, UsageError) else UnusableError
            pointed = f"\n\n{indent(error.pointed, '    ')}" if isinstance(error, QueryError) else ""
            raise failed(f"{error}{pointed}") from error
        except KeyboardInterrupt:
            raise _stopped() from None
        except OSError as error:
            if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO):
                raise
            _write_no_more()
            raise UnusableError(f"The output can't be written: {error.strerror}.") from error
        except ImportError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):  # how a C extension says that its start was interrupted
                raise _stopped() from None
            raise


def _stopped() -> click.exceptions.Exit:
    click.echo("Stopped.", err=True)
    return click.exceptions.Exit(STOPPED)


def _write_no_more() -> None:
    """Let what can't be written go nowhere: at its end Python would try again, and fail with a trace of calls."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="searchengine")
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error what happens inside.")
def main(verbose: bool) -> None:
    """Find your own photographs by what is in them. Nothing leaves this machine, and no photo is ever changed.

    \b
    searchengine index ~/Pictures
    searchengine search 'two dogs on a beach'
    searchengine similar holiday.jpg
    """
    logging.basicConfig(format="%(message)s")
    logging.getLogger("searchengine").setLevel(logging.INFO if verbose else logging.WARNING)
    # What keeps a person waiting for a minute is said unasked.
    for name in ("searchengine.embedding.export", "searchengine.describing.label_vectors"):
        logging.getLogger(name).setLevel(logging.INFO)
