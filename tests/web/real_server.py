"""The page as `serve` runs it, on a port of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress import wasyncore

from searchengine.cli.http_server import make_server

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def running(app: Flask) -> Iterator[str]:
    """The address at which the application is served: 127.0.0.1:PORT."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = make_server(app, listener)
        ended = threading.Event()

        def run() -> None:  # `server.run` ends only with the program
            while not ended.is_set():
                wasyncore.loop(timeout=0.05, count=1, map=server._map, use_poll=True)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"127.0.0.1:{server.effective_port}"
        finally:
            ended.set()
            thread.join(10)
            server.task_dispatcher.shutdown()
            wasyncore.close_all(server._map)
