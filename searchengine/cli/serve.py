"""`searchengine serve`: the search page, for this machine alone or, with a password, for others too."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import webbrowser
from contextlib import ExitStack

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.errors import UsageError, printable
from searchengine.settings import Settings

LOCK_HELD = 0.001
"""Seconds that a thread keeps Python's lock while others want it: a search wants it back a hundred times, from FAISS,
SQLite and NumPy, and with Python's own five thousandths waits for others' work each time."""


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=5005, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at; 0.0.0.0 is all.")
@click.option(
    "--name", "names", multiple=True, metavar="NAME", help="A name that leads here, as a proxy's. Repeatable."
)
@click.option("--open/--no-open", "open_browser", default=True, help="Whether to open the page in the browser.")
@with_settings
def command(port: int, host: str, names: tuple[str, ...], open_browser: bool, settings: Settings) -> None:
    """Open the search page in the browser; Ctrl-C ends it.

    Only this machine can reach it, unless --host or --name says otherwise. Then everybody is asked for the password
    (`searchengine password`), and programs for a token (`searchengine tokens`).

    \b
    searchengine serve
    searchengine serve --port 8080 --no-open
    searchengine serve --host 0.0.0.0
    searchengine serve --name photos.example.org
    """
    # Read when FAISS and NumPy are imported. Where many ask at once, a search that takes one processor is done sooner
    # than one whose threads wait for each other; it costs half as much.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.setswitchinterval(LOCK_HELD)

    from searchengine.cli.http_server import make_server
    from searchengine.library import Library
    from web import create_app

    with ExitStack() as stack:
        listener = stack.enter_context(_listen(host, port))
        elsewhere = not ipaddress.ip_address(listener.getsockname()[0]).is_loopback
        for_others = elsewhere or bool(names)
        # Where there is none yet, the page takes its first folder in.
        library = stack.enter_context(Library.open(settings, create=not for_others))
        if for_others:
            _refuse_without_password(settings)
        app = create_app(library, elsewhere=elsewhere, names=names)
        server = make_server(app, listener)
        url = f"http://{_shown(listener)}:{listener.getsockname()[1]}/"
        note(f"Searching {printable(settings.library)} at {url} (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(url)
        server.run()  # returns on Ctrl-C
        server.close()
        app.extensions["index_job"].close()  # which commits what it has
        app.extensions["duplicates"].close()


def _refuse_without_password(settings: Settings) -> None:
    from web.accounts import Accounts

    accounts = Accounts(settings.library)
    if not (accounts.has_password or accounts.names):
        raise UsageError(
            "Other machines are let in only with a password, and the library has none.",
            "Set one with `searchengine password`, or make a token for a program with `searchengine tokens add NAME`.",
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{host} is no address of this machine.", "Choose another with --host.") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} of {host} can't be used: {error.strerror}.", "Choose another with --port or --host."
        ) from error
    return listener


def _shown(listener: socket.socket) -> str:
    """The name under which a browser on this machine reaches the page."""
    address = ipaddress.ip_address(listener.getsockname()[0])
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{address}]" if address.version == 6 else str(address)
