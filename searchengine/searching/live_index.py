"""The vectors of one model as the database has them now: a FAISS file that may be behind, and what came since.

The database is the truth, the file a cache. What was embedded after it was written is searched beside it, what was
removed is masked; when too much has gathered, or the file is missing, torn or of another model, it is written anew
from the database. Several programs may do that at once: each renames a whole file into place.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import LibraryDamagedError, ModelError
from searchengine.searching.snapshot import Snapshot
from searchengine.vectors import faiss_file
from searchengine.vectors.faiss_file import Origin
from searchengine.vectors.faiss_index import FaissIndex

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.records import Ids, ModelIdentity, Vector, Vectors
    from searchengine.store.database import Database
    from searchengine.store.embeddings import Head
    from searchengine.vectors.base import Matches

logger = logging.getLogger(__name__)

TAIL = 0.05
"""The file is written anew when it lacks more than this share of what it holds."""

COMPRESSED_FROM = 50_000
"""Vectors from which a search looks at compressed ones first; it compares fewer in some ten milliseconds."""

LEAST_RECALL = 0.98
"""Where compressed vectors find less of the nearest ten than this, a search compares with all."""


class LiveIndex:
    """Searches all vectors of one model that the database holds at that moment. Threads may share it.

    A search takes the newest snapshot and needs no lock. Under `_lock` the next snapshot is made, which takes moments;
    under `_rebuilding` the file and the index that is mapped from it, while the searches go on.
    """

    def __init__(
        self, database: Database, model_id: int, model: ModelIdentity, path: Path, sentences: Callable[[], Vectors]
    ) -> None:
        """Nothing is opened before it is needed. `path` is the place of the FAISS file, which need not be there.

        `sentences` gives some sentences as the model sees them, float32 (n, dim), to try searches with.
        """
        self.model_id = model_id
        self._sentences = sentences
        self._database = database
        self._model = model
        self._path = path
        self._lock = threading.Lock()
        self._rebuilding = threading.Lock()
        self._use(FaissIndex(model.dim), Origin(model, last_seq=0, removals=0), written=False)

    def search(self, query: Vector, k: int, *, only: Ids | None = None) -> Matches:
        """The k nearest of float32 (dim,), among the ids `only` when given; as every `VectorIndex` does it."""
        return self._newest().search(query, k, only=only)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """The vectors of these photos, int64 (n,) in their order and float32 (n, dim); those without are left out."""
        return self._newest().vectors(ids)

    @property
    def ids(self) -> Ids:
        """The photos that have a vector, int64 (n,), ascending."""
        return self._newest().ids

    def refresh(self) -> None:
        """Write the file anew, unless it holds just what the database does. For the end of a run."""
        with self._rebuilding:
            head = self._database.embeddings.head(self.model_id)
            if self._is_written(head):
                return
            self._take_over(head)
            with self._lock:
                snapshot = self._followed(head)
                behind = len(snapshot.tail) or snapshot.alive is not None or head.removals != self._origin.removals
                due = behind or not self._written
            if due:
                self._rebuild(head)

    def _is_written(self, head: Head) -> bool:
        """Whether the file holds just that, by what stands at its end: opening it takes longer than looking again."""
        try:
            return faiss_file.read_origin(self._path) == Origin(self._model, head.last_seq, head.removals)
        except LibraryDamagedError as error:
            logger.debug("%s", error)
            return False

    def _newest(self) -> Snapshot:
        """What the database holds. That costs two look-ups when nothing has changed."""
        head = self._database.embeddings.head(self.model_id)
        done, snapshot = self._newest_snapshot
        if done == head:
            return snapshot
        self._take_over(head)
        self._rebuild_if_due(head)
        with self._lock:
            # Another thread may have seen more than this one, and then it is done.
            return self._followed(self._database.embeddings.head(self.model_id))

    def _take_over(self, head: Head) -> None:
        """Search the file, where much has come since: at the first search, or when another program has written it."""
        with self._lock:
            if self._lacks_much(head):
                self._open()

    def _rebuild_if_due(self, head: Head) -> None:
        """Write the file anew where much has come since."""
        # One thread is enough for that; the others search what there is, and what came since beside it.
        if self._lacks_much(head) and self._rebuilding.acquire(blocking=not len(self._main)):
            try:
                if self._lacks_much(head):
                    self._rebuild(head)
            finally:
                self._rebuilding.release()

    def _lacks_much(self, head: Head) -> bool:
        return head.last_seq - self._origin.last_seq > TAIL * len(self._main)

    def _open(self) -> None:
        """Search the file's vectors from now on, if it is one of this model's and not older than what is held."""
        try:
            main, origin = faiss_file.read(self._path)
        except LibraryDamagedError as error:
            logger.debug("%s", error)
            return
        head = self._database.embeddings.head(self.model_id)
        # Numbers ahead of the database's are of another life of it, before a backup was put back.
        ahead = (origin.removals, origin.last_seq) > (head.removals, head.last_seq)
        if origin.model == self._model and origin.last_seq >= self._origin.last_seq and not ahead:
            self._use(main, origin, written=True)

    def _use(self, main: FaissIndex, origin: Origin, *, written: bool) -> None:
        """Search these vectors from now on, and whatever the database has beyond them."""
        self._main, self._origin, self._written = main, origin, written
        self._tail, self._tail_seq = FaissIndex(self._model.dim), origin.last_seq
        self._removals = origin.removals  # what `_current` and the tail take into account
        self._current: Ids | None = None  # the database's ids when that was worked out; None: nothing was removed
        # How far it has followed the database, and what it holds then.
        self._newest_snapshot: tuple[Head | None, Snapshot] = None, Snapshot(main, self._tail, None)

    def _followed(self, head: Head) -> Snapshot:
        """A snapshot with what came since the last one, and without what went or was replaced."""
        if self._newest_snapshot[0] == head:
            return self._newest_snapshot[1]
        tail = self._tail.copy()  # others may be searching it
        for seq, ids, vectors in self._database.embeddings.since(self.model_id, self._tail_seq):
            tail.add(ids, vectors)
            self._tail_seq = seq
        if head.removals != self._removals:
            self._current = self._database.embeddings.ids(self.model_id)
            tail.remove(np.setdiff1d(tail.ids, self._current))
            self._removals = head.removals
        self._tail = tail
        self._newest_snapshot = head, Snapshot(self._main, tail, self._current)
        return self._newest_snapshot[1]

    def _rebuild(self, head: Head) -> None:
        """Make the index anew beside the one that is searched, write it, and search it from now on.

        Where it can't be written, it serves from memory. `head` was read before everything else, so that what is
        removed meanwhile is noticed the next time.
        """
        with self._lock:
            main, origin = self._main, self._origin
        fresh, seq = main.copy(), origin.last_seq
        for last, ids, vectors in self._database.embeddings.since(self.model_id, seq):
            fresh.add(ids, vectors)
            seq = last
        fresh.remove(np.setdiff1d(fresh.ids, self._database.embeddings.ids(self.model_id)))
        if len(fresh) >= COMPRESSED_FROM:
            fresh.compress(self._sentences_to_try(), LEAST_RECALL)
        origin = replace(origin, last_seq=seq, removals=head.removals)
        try:
            faiss_file.write(self._path, fresh, origin)
            written = True
        except OSError as error:
            logger.info("the vector index is kept in memory alone: %s", error)
            written = False
        with self._lock:
            if origin.last_seq >= self._origin.last_seq:  # else another program's newer one was taken over meanwhile
                self._use(fresh, origin, written=written)
            if written:
                self._open()  # mapped, the memory is free again

    def _sentences_to_try(self) -> Vectors:
        """Sentences to try searches with; none where the model isn't here, and photos must do."""
        try:
            return self._sentences()
        except ModelError as error:
            logger.info("the vector index is tried with photos alone: %s", error)
            return np.empty((0, self._model.dim), np.float32)
