"""`searchengine password`: what other machines are asked for."""

from __future__ import annotations

import sys

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.errors import UsageError
from searchengine.settings import Settings


@click.command("password")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input, for scripts.")
@click.option("--remove", is_flag=True, help="Have none: only this machine is served.")
@with_settings
def command(from_stdin: bool, remove: bool, settings: Settings) -> None:
    """Set the password that `searchengine serve` asks other machines for.

    It is asked for twice. Of the password itself only a hash is kept. Whoever came in by another one is out.

    \b
    searchengine password
    searchengine password --stdin < file
    searchengine password --remove
    """
    from searchengine.library import Library
    from web.accounts import Accounts

    if from_stdin and remove:
        raise click.UsageError("Either set a password or remove it.")
    with Library.open(settings):
        accounts = Accounts(settings.library)
    if remove:
        accounts.remove_password()
        note("The library has no password any more.")
        return
    accounts.set_password(_read() if from_stdin else _asked())
    note("The password is set. Serve other machines with `searchengine serve --host 0.0.0.0`.")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask for a password.", "Hand it over with --stdin.")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    return password


def _read() -> str:
    return sys.stdin.readline().rstrip("\r\n")
