"""Long work waits for its turn, so that it never takes all threads from what is quick.

The server has so many threads that `LONG_WORK` of them may be busy with long work, or wait for it. Who comes beyond
that is asked to come again, with the status 429.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import TooManyRequests

PATIENCE = 30.0  # seconds
AGAIN = 2  # seconds after which to come again


class Turns:
    """So many at once, and so many more who wait for their turn."""

    def __init__(self, running: int, waiting: int, *, patience: float = PATIENCE) -> None:
        self.threads = running + waiting
        self._room = threading.Semaphore(self.threads)
        self._running = threading.Semaphore(running)
        self._patience = patience

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn and take it. Ends the request with 429 where too many wait, or nothing moves on."""
        if not self._room.acquire(blocking=False):
            raise _too_many()
        try:
            if not self._running.acquire(timeout=self._patience):
                raise _too_many()
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._room.release()


class FairSemaphore:
    """So many at once, the others in the order in which they came.

    `threading.Semaphore` lets a thread that comes just then pass those who wait, and some wait very long.
    """

    def __init__(self, running: int) -> None:
        self._lock = threading.Lock()
        self._free = running
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:  # Ctrl-C, say
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise
            self.__exit__()  # it was handed on to this thread just then
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


SEARCHES = FairSemaphore(os.cpu_count() or 1)
"""Searches that run at once. More would take each other's turns at Python's lock, and all of them would take longer."""

MODEL = Turns(running=1, waiting=5)
"""What the model looks at a picture for: uploads, descriptions, heat maps. It uses all processors by itself."""

DRAWING = Turns(running=2, waiting=10)
"""Previews, and thumbnails that were lost."""

EXPORTS = Turns(running=2, waiting=0)
"""Archives, which last as long as their downloads do."""

PASSWORDS = Turns(running=1, waiting=3)
"""Hashing a password takes memory and a processor, on purpose."""

LONG_WORK = MODEL.threads + DRAWING.threads + EXPORTS.threads + PASSWORDS.threads


def _too_many() -> TooManyRequests:
    return TooManyRequests("Too much is being worked on at once. Try again in a moment.", retry_after=AGAIN)
