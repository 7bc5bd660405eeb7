"""The way in: one run at a time over a library's folders, for one model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from searchengine.embedding.onnx_runtime import processors
from searchengine.errors import LibraryReadOnlyError, printable
from searchengine.indexing.interrupt import stop_on_ctrl_c
from searchengine.indexing.lock import index_lock
from searchengine.indexing.roots import watch_folders
from searchengine.indexing.run import OnProgress, Run
from searchengine.photos.thumbnails import Thumbnails
from searchengine.records import IndexReport
from searchengine.store.database import Database

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel

THREADS = max(2, min(8, processors()))
"""Readers; decoding releases Python's lock, and a disk likes a few requests at once."""


class Indexer:
    """Brings a library up to date with its folders.

    Every run raises LibraryBusyError (who else is indexing), LibraryReadOnlyError, LibraryFullError,
    LibraryDamagedError, and what the model raises. Whatever is raised, every batch before it is kept.
    """

    def __init__(
        self,
        database: Database,
        model: EmbeddingModel,
        thumbnails: Thumbnails,
        *,
        stop: threading.Event | None = None,
        threads: int = THREADS,
    ) -> None:
        """`stop`: when set, by any thread or by Ctrl-C, a run commits what it has and ends."""
        self._database = database
        self._model = model
        self._thumbnails = thumbnails
        self._stop = stop
        self._threads = threads

    def run(
        self, folders: Sequence[bytes] = (), exclude: Sequence[str] | None = None, progress: OnProgress | None = None
    ) -> IndexReport:
        """Index these folders, which become roots, and the roots in them; without any, every root of the library.

        `exclude`: gitignore patterns for these folders from now on; None leaves theirs. The first model that a library
        is indexed with becomes its active one. Raises UsageError for a folder that isn't there and never was a root.
        """
        with self._run(progress) as run:
            with self._database.writing():
                if self._database.models.active() is None:
                    self._database.models.use(run.model_id)
            run.index(watch_folders(self._database, folders, exclude))
            return run.report()

    def embed_missing(self, progress: OnProgress | None = None) -> IndexReport:
        """Give every photo within reach that has none a vector by this model, beside those of the active one.

        Resumable: what an earlier run committed isn't done again.
        """
        with self._run(progress) as run:
            run.embed_missing()
            return run.report()

    @contextmanager
    def _run(self, progress: OnProgress | None) -> Iterator[Run]:
        folder = self._database.file.parent
        if self._database.read_only:
            raise LibraryReadOnlyError(
                f"The library at {printable(folder)} can't be written to.",
                "Check the permissions of the folder, or choose another library with --library.",
            )
        stop = self._stop or threading.Event()
        with index_lock(folder), stop_on_ctrl_c(stop):
            yield Run(self._database, self._model, self._thumbnails, stop, self._threads, progress)
