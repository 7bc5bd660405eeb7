"""waitress as the search page needs it: uploads stay in memory, of which they may take only so much.

It reads what browsers send by itself, and gives whole requests to threads. So neither a slow nor a large upload keeps a
thread busy; here it is told when to stop reading.
"""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.server import TcpWSGIServer
from waitress.utilities import Error

from web import MAX_UPLOAD, NO_ROOM
from web.turns import LONG_WORK

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

QUICK = 8
"""Threads beside those that long work may take."""

CONNECTIONS = 500
IDLE = 60  # seconds without a byte, after which a connection is closed
SLOWEST = 300  # seconds that a request may take to arrive
HEADERS = 2**16  # bytes of a request before its body: a line of 2,000 letters takes 18,000 in an address
LARGEST = 2**30  # bytes; up to here an upload that is too large is read to its end, so that the browser hears why
ROOM = 8 * MAX_UPLOAD  # bytes of uploads that are held at once
SMALL = 2**16  # bytes; what is no larger finds room always, so that uploads keep nobody from signing in

_held = 0
_lock = threading.Lock()


def make_server(app: WSGIApplication, listener: socket.socket) -> Server:
    """The server of this application on a socket that is bound; `run` it, then `close`."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits a moment is no news
    how = Adjustments(
        sockets=[listener],
        threads=LONG_WORK + QUICK,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # `select` knows only a thousand files
        channel_timeout=IDLE,
        cleanup_interval=10,
        max_request_header_size=HEADERS,
        max_request_body_size=LARGEST,
        inbuf_overflow=LARGEST,  # a photo that is looked up is written nowhere
        outbuf_overflow=MAX_UPLOAD,  # and one that is looked at, neither
        clear_untrusted_proxy_headers=False,  # `web.access` goes by them
        ident=None,
    )
    where = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(app, adj=how, _sock=listener, bind_socket=False, sockinfo=where)


class LengthRequiredError(Error):  # type: ignore[misc]  # waitress has no types
    """Of a body in chunks, nobody knows how much room it will take."""

    code = 411
    reason = "Length Required"


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request; the body of one that is too large, or for which there is no room, is thrown away."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        length = self.content_length
        if self.chunked:
            self.body_rcv = None
            self.error = LengthRequiredError("Send the body's length before it, as browsers do.")
        elif length > MAX_UPLOAD:
            self.body_rcv = FixedStreamReceiver(length, _Nothing())  # the application refuses its length
        elif length > SMALL and not _take(length):
            self.body_rcv = FixedStreamReceiver(length, _Nothing())
            self.headers[NO_ROOM] = "1"
        elif length > SMALL:
            weakref.finalize(self, _give_back, length)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, which is closed when a request takes too long to arrive."""

    parser_class = Parser

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.monotonic()
        elif time.monotonic() - self.began > SLOWEST:
            self.will_close = True
            return False
        return bool(super().received(data))


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Hands whole requests to threads, and closes connections on which nothing moves."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for channel in self.active_channels.values():
            # It doesn't take the answer for which a thread is waiting.
            if channel.total_outbufs_len and channel.last_activity < now - IDLE:
                channel.will_close = True


class _Nothing:
    """A buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        pass

    def getfile(self) -> io.BytesIO:
        return io.BytesIO()

    def close(self) -> None:
        pass

    def __len__(self) -> int:
        return 0


def _take(length: int) -> bool:
    """Whether there is room for an upload of so many bytes, which it has from now on."""
    global _held
    with _lock:
        if _held + length > ROOM:
            return False
        _held += length
        return True


def _give_back(length: int) -> None:
    global _held
    with _lock:
        _held -= length
