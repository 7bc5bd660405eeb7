"""One file from the disk to what the library needs of it: fingerprint, facts, look, thumbnail, the model's input.

Runs in several threads at once. What isn't needed isn't done: a content that the library knows is neither decoded nor
given to the model, wherever it turns up.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from searchengine.errors import PhotoUnreadableError
from searchengine.indexing.changes import Work
from searchengine.indexing.parallel import Budget
from searchengine.photos.decode import DECODER, decode
from searchengine.photos.files import read, read_sidecar, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.photos.look import look
from searchengine.photos.placeholder import placeholder
from searchengine.photos.thumbnails import Thumbnails, draw
from searchengine.records import Failure, PhotoFacts
from searchengine.store.filesystem import refusal
from searchengine.store.photos import KnownContent, Photos

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Pixels

FILES_IN_MEMORY = 512 * 2**20
"""Bytes of files that all threads together hold; their pixels are bounded where they are decoded."""

ATTEMPTS = 3
"""How often a file that changes while it is read is read anew; after that, the next run tries again."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A file that is a photo."""

    work: Work
    fingerprint: bytes
    facts: PhotoFacts | None  # None: they are known
    look: bytes | None  # 8 bytes; None: it is known, too
    placeholder: bytes | None  # 36 bytes; None: it is known, or will be from the thumbnail
    prepared: Pixels | None  # the model's input, uint8 (height, width, 3); None: the vector is known


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that can't be read as a photo."""

    work: Work
    failure: Failure


@dataclass(frozen=True, slots=True)
class Vanished:
    """A file that was there during the walk, and no longer."""

    work: Work


Outcome = Read | Failed | Vanished


class Reader:
    """Reads files for one model."""

    def __init__(self, photos: Photos, model: EmbeddingModel, model_id: int, thumbnails: Thumbnails) -> None:
        self._photos = photos
        self._model = model
        self._model_id = model_id
        self._thumbnails = thumbnails
        self._memory = Budget(FILES_IN_MEMORY)

    def read(self, work: Work) -> Outcome:
        """Read one file. Raises what stops the whole run: LibraryFullError, LibraryDamagedError."""
        with self._memory.held(work.found.stamp.size):
            for attempt in range(ATTEMPTS):
                try:
                    return self._read(work)
                except PhotoUnreadableError as error:
                    failed = Failed(work, Failure(work.found.path, error.reason, work.found.stamp, DECODER))
                try:
                    stamp = stamp_of(work.found.path)
                except PhotoUnreadableError:
                    return failed if _exists(work.found.path) else Vanished(work)
                if stamp == work.found.stamp:
                    return failed
                time.sleep(0.05 * attempt)
                work = replace(work, found=replace(work.found, stamp=stamp))
        return failed

    def _read(self, work: Work) -> Read:
        path, stamp = work.found.path, work.found.stamp
        data = read(path, stamp)
        content = fingerprint(data)
        known = self._photos.contents([content], self._model_id).get(content)
        if known is not None and known.embedded and not _facts_are_new(work, known):
            return Read(work, content, None, None, None, None)
        sidecar = read_sidecar(path, stamp)
        photo = decode(data, path=path, at_least=self._model.preprocessing.at_least, stamp=stamp, sidecar=sidecar)
        if known is not None and known.embedded:
            return Read(work, content, photo.facts, look(photo.pixels), None, None)
        thumbnail = draw(photo.pixels)
        try:
            self._thumbnails.put(content, thumbnail)
        except OSError as error:
            raise refusal(error, self._thumbnails.path(content)) from error
        prepared = self._model.prepare(photo.pixels)
        return Read(work, content, photo.facts, look(photo.pixels), placeholder(thumbnail), prepared)


def _facts_are_new(work: Work, known: KnownContent) -> bool:
    """Whether the file's sidecar says something that the library may not know; all other facts are the content's."""
    sidecar = work.found.stamp.sidecar_ns
    if work.before is not None and work.before.photo_id == known.photo_id:
        return sidecar != work.before.sidecar_ns
    return sidecar != 0 and sidecar not in known.sidecars


def _exists(path: bytes) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
