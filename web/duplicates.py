"""Near-copies, looked for in the background: among 100,000 photos that takes longer than anybody waits for a page."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from searchengine.errors import SearchEngineError

if TYPE_CHECKING:
    from searchengine.library import Library
    from searchengine.searching.duplicates import DuplicateGroup
    from web.jobs import IndexJob

logger = logging.getLogger(__name__)

SHORT = 0.3
"""Seconds that whoever asks first waits: a small library is looked through by then."""


class _StoppedError(Exception):
    """Nobody waits for the look any more."""


@dataclass(frozen=True, slots=True)
class DuplicatesState:
    """What is known of copies at this moment."""

    state: Literal["running", "done", "failed"]
    done: int = 0  # photos that were compared so far
    whole: int = 0
    groups: tuple[DuplicateGroup, ...] = ()  # of the last look that was finished; those that take most room first
    problem: str | None = None
    next_step: str = ""


class DuplicateSearch:
    """Looks for copies in one library whenever it has changed and somebody asks. Threads may share it."""

    def __init__(self, library: Library, indexing: IndexJob) -> None:
        self._library = library
        self._indexing = indexing
        self._lock = threading.Lock()
        self._seen: object = None  # what the library was when it was last looked through
        self._state = DuplicatesState("done")
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def look(self) -> DuplicatesState:
        """What is known; where the library has changed since, a new look begins."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._start()
            thread = self._thread
        if thread is not None:
            thread.join(SHORT)
        return self._state

    def wait(self) -> None:
        """Wait for the look that goes on."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Give up the look that goes on: the library is about to be closed."""
        self._stop.set()
        self.wait()

    def _start(self) -> None:
        # While photos come in there is always something new; the look after the end of the run is the one that counts.
        if self._seen is not None and self._indexing.state.state in ("running", "stopping"):
            return
        now = self._fingerprint()
        if now != self._seen:
            self._seen = now
            self._state = DuplicatesState("running", groups=self._state.groups)
            self._thread = threading.Thread(target=self._run, name="duplicates", daemon=True)
            self._thread.start()

    def _fingerprint(self) -> object:
        """What changes whenever photos or their places do."""
        database = self._library.database
        active = database.models.active()
        head = None if active is None else (active[0], database.embeddings.head(active[0]))
        return head, tuple(database.files.counts().items())

    def _run(self) -> None:
        try:
            groups = self._library.duplicates.find(tell=self._tell)
            self._state = DuplicatesState("done", groups=groups)
        except SearchEngineError as error:
            self._state = DuplicatesState("failed", problem=error.what, next_step=error.next_step)
        except _StoppedError:
            logger.debug("the look for copies was given up")
        except Exception:
            logger.exception("looking for copies failed")
            problem = "Something went wrong in the program; its terminal says what."
            self._state = DuplicatesState("failed", problem=problem)

    def _tell(self, _what: str, done: int, whole: int, _of: str) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self._state = DuplicatesState("running", done, whole, self._state.groups)
