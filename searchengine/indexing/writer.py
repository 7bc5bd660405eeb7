"""What was read, embedded and committed: in batches, each in one short transaction.

All of a photo (its content, facts, look, place and vector) is written together or not at all, so a run may be killed
at any instant and the next one goes on.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH, EmbeddingModel
from searchengine.errors import ModelDamagedError
from searchengine.indexing.reader import Failed, Outcome, Read
from searchengine.indexing.report import Tally
from searchengine.photos.decode import DECODER
from searchengine.records import Failure
from searchengine.store.database import Database
from searchengine.store.files import Place
from searchengine.store.photos import KnownContent

if TYPE_CHECKING:
    from searchengine.records import Pixels, Vector

LIGHT = 500
"""Outcomes in a batch, when few of them are for the model."""

SECONDS = 2.0
"""How old what isn't committed may get, so that a run that is killed loses little."""


class Writer:
    """Embeds and commits for one run. Used by one thread."""

    def __init__(self, database: Database, model: EmbeddingModel, model_id: int, tally: Tally) -> None:
        self._database = database
        self._model = model
        self._model_id = model_id
        self._tally = tally
        self._batch: list[Read | Failed] = []
        self._since = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Take what a reader made. What vanished leaves nothing to write."""
        if not self._batch:
            self._since = time.monotonic()
        if isinstance(outcome, Read | Failed):
            self._batch.append(outcome)

    def flush_if_due(self) -> None:
        """Commit when enough has come together, or it has waited long enough."""
        for_the_model = sum(isinstance(each, Read) and each.prepared is not None for each in self._batch)
        late = bool(self._batch) and time.monotonic() - self._since > SECONDS
        if for_the_model >= BATCH or len(self._batch) >= LIGHT or late:
            self.flush()

    def flush(self) -> None:
        """Embed and commit everything that was taken. Raises LibraryError and what the model raises."""
        reads = [each for each in self._batch if isinstance(each, Read)]
        failed = [each for each in self._batch if isinstance(each, Failed)]
        known = self._database.photos.contents([read.fingerprint for read in reads], self._model_id)
        vectors, useless = self._embed(reads, known)
        blank = [_without_vector(read) for read in reads if read.fingerprint in useless]
        # A place that the library knows stays a photo's, which is found by what another model made of it.
        failures = [*failed, *(each for each in blank if each.work.before is None)]
        # Facts are missing when the content was known while it was read; if it was pruned since, the next run adds it.
        reads = [
            read
            for read in reads
            if read.fingerprint not in useless and (read.fingerprint in known or read.facts is not None)
        ]
        ids = self._commit(reads, known, vectors, failures)
        self._count(reads, known, ids)
        self._tally.embedded += len(vectors)
        self._tally.unreadable += len(failed) + len(blank)
        self._tally.failures += [each.failure for each in (*failed, *blank)]
        self._batch = []

    def _embed(self, reads: list[Read], known: dict[bytes, KnownContent]) -> tuple[dict[bytes, Vector], set[bytes]]:
        """The vectors by content, each content once, and the contents of which the model makes nothing usable."""
        due = {}
        for read in reads:
            content = known.get(read.fingerprint)
            if read.prepared is not None and not (content and content.embedded):
                due[read.fingerprint] = read.prepared
        if not due:
            return {}, set()
        try:
            vectors = dict(zip(due, self._model.encode_prepared(np.stack(list(due.values()))), strict=True))
        except ModelDamagedError as error:  # one photo is enough for that, and it must not stop the others
            vectors = self._embed_one_by_one(due)
            if not vectors and not self._database.embeddings.head(self._model_id).last_seq:  # it never made any
                raise error from None
        return vectors, set(due) - set(vectors)

    def _embed_one_by_one(self, due: dict[bytes, Pixels]) -> dict[bytes, Vector]:
        """The vectors of those of which the model makes one."""
        vectors = {}
        for content, picture in due.items():
            with suppress(ModelDamagedError):
                vectors[content] = self._model.encode_prepared(picture[np.newaxis])[0]
        return vectors

    def _commit(
        self, reads: list[Read], known: dict[bytes, KnownContent], vectors: dict[bytes, Vector], failed: list[Failed]
    ) -> dict[bytes, int]:
        """One transaction. Returns the photos' ids by content."""
        database = self._database
        ids = {content: each.photo_id for content, each in known.items()}
        with database.writing():
            new = {read.fingerprint: read.facts for read in reads if read.fingerprint not in known}
            ids |= database.photos.add([(content, facts) for content, facts in new.items() if facts is not None])
            for read in reads:
                if read.fingerprint in known and read.facts is not None:
                    database.photos.update(ids[read.fingerprint], read.facts)
            database.looks.write({ids[read.fingerprint]: read.look for read in reads if read.look is not None})
            colours = {ids[read.fingerprint]: read.placeholder for read in reads if read.placeholder is not None}
            database.placeholders.write(colours)
            database.files.place([_place(read, ids[read.fingerprint]) for read in reads])
            database.failures.forget([read.work.found.path for read in reads])
            database.failures.record([(each.work.root_id, each.failure) for each in failed])
            if vectors:
                database.embeddings.add(
                    self._model_id,
                    [ids[content] for content in vectors],
                    np.stack(list(vectors.values())),
                    self._model.precision,
                )
        return ids

    def _count(self, reads: list[Read], known: dict[bytes, KnownContent], ids: dict[bytes, int]) -> None:
        met = set(known)
        for read in reads:
            work, photo_id = read.work, ids[read.fingerprint]
            if work.before is None:
                if read.fingerprint in met:
                    self._tally.gain(photo_id, work.found.path)
                else:
                    self._tally.added += 1
            elif work.before.photo_id != photo_id or work.before.sidecar_ns != work.found.stamp.sidecar_ns:
                self._tally.changed += 1
            else:
                self._tally.unchanged += 1
            met.add(read.fingerprint)


def _place(read: Read, photo_id: int) -> Place:
    return Place(read.work.found.path, read.work.root_id, photo_id, read.work.found.stamp)


def _without_vector(read: Read) -> Failed:
    found = read.work.found
    return Failed(read.work, Failure(found.path, "the model makes no usable vector of it", found.stamp, DECODER))
