"""`searchengine serve`: the search page, on this machine alone."""

from __future__ import annotations

import socket
import webbrowser

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note
from searchengine.errors import UsageError, printable
from searchengine.settings import Settings

THREADS = 8


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=5005, show_default=True, help="0 takes a free one.")
@click.option("--open/--no-open", "open_browser", default=True, help="Whether to open the page in the browser.")
@with_settings
def command(port: int, open_browser: bool, settings: Settings) -> None:
    """Open the search page in the browser. Only this machine can reach it; Ctrl-C ends it.

    \b
    searchengine serve
    searchengine serve --port 8080 --no-open
    """
    from waitress import create_server

    from searchengine.library import Library
    from web import MAX_UPLOAD, create_app

    largest = MAX_UPLOAD + 2**20  # with the form's other fields

    with _listen(port) as listener, Library.open(settings) as library:
        url = f"http://localhost:{listener.getsockname()[1]}/"
        server = create_server(
            create_app(library),
            sockets=[listener],
            threads=THREADS,
            clear_untrusted_proxy_headers=True,
            # Uploads stay in memory: a photo that is looked up is written nowhere.
            max_request_body_size=largest,
            inbuf_overflow=largest,
        )
        note(f"Searching {printable(settings.library)} at {url} (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(url)
        server.run()  # returns on Ctrl-C
        server.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise UsageError(f"Port {port} can't be used: {error.strerror}.", "Choose another with --port.") from error
    return listener
