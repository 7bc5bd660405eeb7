"""The yardstick of a library and a model: made from the database and the model, kept in memory and in a file.

The file is a cache, as the vectors' is: missing, torn, of another model or other sentences, or of a library that has
grown since, it is made anew; where it can't be written, the yardstick serves from memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import asdict, fields
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Ids, ModelIdentity, Vectors
    from searchengine.store.database import Database
    from searchengine.store.embeddings import Head

logger = logging.getLogger(__name__)

SAMPLE = 10_000
"""Photos of the library that are looked at, at most."""

OUTGROWN = 0.1
"""A yardstick is made anew when the library has another size than then by more than this share."""


class Yardsticks:
    """Gives the yardstick of one model in one library. Threads may share it."""

    def __init__(self, database: Database, model_id: int, model: Callable[[], EmbeddingModel], file: Path) -> None:
        """`model` gives the loaded model, and is called only to encode the sentences; `file` need not be there."""
        self._database = database
        self._model_id = model_id
        self._model = model
        self._file = file
        self._origin = _origin(database.models.all()[model_id])
        self._lock = Lock()
        self._held: Yardstick | None = None
        self._head: Head | None = None  # how far the embeddings had come when it was last held against them

    def get(self) -> Yardstick:
        """The yardstick for the library as it is now. Raises ModelError when it takes the model and that fails."""
        with self._lock:
            head = self._database.embeddings.head(self._model_id)
            if self._held is not None and head == self._head:  # counting photos takes longer than all else here
                return self._held
            photos = self._database.embeddings.count(self._model_id, SAMPLE)
            held = self._held or self._read()
            if held is None or abs(photos - held.size) > OUTGROWN * held.size:
                held = self._make(None if held is None else held.background)
                self._write(held)
            self._held, self._head = held, head
            return held

    def sentences(self) -> Vectors:
        """The neutral sentences as the model sees them, float32 (n, dim). Raises ModelError as `get`."""
        return self.get().background

    def remake(self) -> None:
        """Make it of the photos that are there now, where there is one: others have been forgotten."""
        with self._lock:
            held = self._held or self._read()
            if held is not None:
                self._held, self._head = self._make(held.background), None
                self._write(self._held)

    def _make(self, background: Vectors | None) -> Yardstick:
        if background is None:
            background = self._model().encode_texts(background_sentences())
        chosen = _spread_out(self._database.embeddings.ids(self._model_id))
        _, sample = self._database.embeddings.of(self._model_id, chosen)
        return Yardstick.of(sample, background)

    def _read(self) -> Yardstick | None:
        try:
            with self._file.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                if str(file["origin"]) != self._origin:
                    return None
                read = {field.name: file[field.name] for field in fields(Yardstick)}
                return Yardstick(**{name: value if value.ndim else value.item() for name, value in read.items()})
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            logger.debug("%s: %s", self._file, error)
            return None

    def _write(self, yardstick: Yardstick) -> None:
        """Write it beside its place and rename it into it, so that a reader meets the old one or the new one."""
        beside = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}.tmp")
        try:
            with beside.open("xb") as file:
                np.savez(file, origin=self._origin, **{f.name: getattr(yardstick, f.name) for f in fields(Yardstick)})
            beside.replace(self._file)
        except OSError as error:
            logger.info("the yardstick is kept in memory alone: %s", error)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def _origin(identity: ModelIdentity) -> str:
    """What a yardstick is of: the model, and the sentences of this edition of the program."""
    sentences = "\n".join(background_sentences())
    return json.dumps([asdict(identity), hashlib.sha256(sentences.encode()).hexdigest()])


def _spread_out(ids: Ids) -> Ids:
    """At most `SAMPLE` of the ids, int64 (n,), as if drawn by chance; hardly others when some come or go."""
    if len(ids) <= SAMPLE:
        return ids
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)
    return ids[np.argpartition(mixed, SAMPLE)[:SAMPLE]]
