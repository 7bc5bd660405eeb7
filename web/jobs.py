"""Indexing in the background, one run at a time; the pages go on answering."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from searchengine.errors import LibraryBusyError, SearchEngineError, printable
from searchengine.records import IndexReport, Progress

if TYPE_CHECKING:
    from searchengine.library import Library

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobState:
    """How far indexing has come."""

    state: Literal["idle", "running", "stopping", "done", "failed"] = "idle"
    seen: int = 0  # photo files met
    done: int = 0  # of these, dealt with
    embedded: int = 0  # of these, through the model
    scanning: bool = False  # whether more may be met
    path: str | None = None  # the last one dealt with
    report: IndexReport | None = None  # of the run that is done
    problem: str | None = None  # why the run failed; another program that is indexing is named
    next_step: str | None = None


class IndexJob:
    """Indexes one library in a thread of its own. Threads may share it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = JobState()

    @property
    def state(self) -> JobState:
        """How things stand at this moment."""
        return self._state

    def start(self, folders: Sequence[str | Path] = ()) -> JobState:
        """Take in these folders, or without any look again at those that are known.

        Raises LibraryBusyError while a run goes on here; that another program is indexing is seen in `state`.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise LibraryBusyError("The library is being indexed already.", "Wait until that is done, or stop it.")
            self._stop = threading.Event()
            self._state = JobState("running", scanning=True)
            self._thread = threading.Thread(target=self._run, args=(tuple(folders),), name="index")
            self._thread.start()
            return self._state

    def stop(self) -> JobState:
        """End the run early; everything done so far is kept. Without a run, nothing happens."""
        with self._lock:
            if self._state.state == "running":
                self._stop.set()
                self._state = replace(self._state, state="stopping")
            return self._state

    def close(self) -> None:
        """End the run and wait for it: the library is about to be closed."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _run(self, folders: Sequence[str | Path]) -> None:
        try:
            report = self._library.index(folders, progress=self._tell, stop=self._stop)
        except SearchEngineError as error:
            self._end("failed", problem=error.what, next_step=error.next_step or None)
        except Exception:
            logger.exception("indexing failed")
            self._end("failed", problem="Something went wrong in the program; its terminal says what.")
        else:
            self._end("done", report=report)

    def _tell(self, progress: Progress) -> None:
        with self._lock:
            self._state = replace(
                self._state,
                seen=progress.seen,
                done=progress.done,
                embedded=progress.embedded,
                scanning=progress.scanning,
                path=self._state.path if progress.path is None else printable(progress.path),
            )

    def _end(self, state: Literal["done", "failed"], **known: object) -> None:
        with self._lock:
            self._state = replace(self._state, state=state, scanning=False, **known)  # type: ignore[arg-type]
