"""`searchengine tokens`: what programs on other machines come in by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note
from searchengine.settings import Settings

if TYPE_CHECKING:
    from web.accounts import Accounts


@click.group("tokens")
def command() -> None:
    """Let programs on other machines use the API, each with a token of its own.

    A program sends it with every request: `Authorization: Bearer TOKEN`.

    \b
    searchengine tokens add phone
    searchengine tokens list
    searchengine tokens remove phone
    """


@command.command("add")
@click.argument("name")
@with_settings
def add(name: str, settings: Settings) -> None:
    """Make a token. It is printed this once, and kept nowhere."""
    token = _accounts(settings).add_token(name)
    note(f"The token of {name!r}, shown this once:")
    click.echo(token)


@command.command("list")
@with_settings
def list_(settings: Settings) -> None:
    """Print the names of the tokens."""
    for name in _accounts(settings).names:
        click.echo(harmless(name))


@command.command("remove")
@click.argument("name")
@with_settings
def remove(name: str, settings: Settings) -> None:
    """Let a token open nothing any more."""
    _accounts(settings).remove_token(name)
    note(f"The token of {name!r} opens nothing any more.")


def _accounts(settings: Settings) -> Accounts:
    from searchengine.library import Library
    from web.accounts import Accounts

    with Library.open(settings):  # there is one, and it is whole
        return Accounts(settings.library)
