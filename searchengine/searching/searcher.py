"""From a query to its answer: one query vector, one search among the photos that satisfy the filters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.conditions import InFolder
from searchengine.embedding.scripts import reading_note
from searchengine.errors import UsageError
from searchengine.ranking.fusion import fuse
from searchengine.ranking.relevance import Yardstick
from searchengine.records import FileState, Hit, Results
from searchengine.searching.likeness import LikenessReader
from searchengine.store.roots import lies_in

if TYPE_CHECKING:
    from searchengine.conditions import Condition
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Ids, Photo, Query, Vector
    from searchengine.searching.live_index import LiveIndex
    from searchengine.store.database import Database
    from searchengine.vectors.base import Matches

SAMPLE = 1000
"""Photos of the library that show how far similarities spread; their deviation is then known to some 2 %."""

EMPTY = "The library holds no photos yet; `searchengine index FOLDER` adds a folder's."
NONE_MATCH = "No photo satisfies the filters."


class Searcher:
    """Answers queries over one library with one model. Threads may share it."""

    def __init__(self, database: Database, index: LiveIndex, model: Callable[[], EmbeddingModel]) -> None:
        """`model` gives the loaded model; it is called only when words or an unknown photo are asked for."""
        self._database = database
        self._index = index
        self._model = model
        self._likeness = LikenessReader(database, index.model_id, model)

    def search(self, query: Query) -> Results:
        """The photos that fit best, best first; a photo that is asked about is left out.

        Raises UsageError for a query that asks nothing, NotFoundError for an unknown id and PhotoUnreadableError.
        """
        _check(query)
        ids = self._index.ids
        if not len(ids):
            return Results((), (EMPTY,))
        likes = [self._likeness.read(like) for like in query.like]
        only = self._eligible(query.conditions, ids)
        if only is not None and not len(only):
            return Results((), (EMPTY if not query.conditions else NONE_MATCH,))
        own = {like.photo_id for like in likes if like.photo_id is not None}
        notes = [like.note for like in likes if like.note is not None]
        parts = [like.vector for like in likes]
        if query.line and query.line.strip():
            model = self._model()
            parts.append(model.encode_texts([query.line])[0])
            unread = reading_note(query.line, model.identity.name, model.languages)
            notes += [unread] if unread else []
        vector = self._one_vector(parts, ids)
        matches = self._index.search(vector, query.offset + query.limit + len(own), only=only)
        hits = tuple(self._hits(matches, own, query))
        return Results(hits, (*notes, *_away(hits)))

    def _one_vector(self, parts: list[Vector], ids: Ids) -> Vector:
        if len(parts) == 1:
            return parts[0]
        spaced = ids[np.linspace(0, len(ids) - 1, min(len(ids), SAMPLE)).astype(np.int64)]
        _, sample = self._database.embeddings.of(self._index.model_id, spaced)
        yardstick = Yardstick.of(sample, sample[:0])
        return fuse(np.stack(parts), np.ones(len(parts)), yardstick)

    def _eligible(self, conditions: tuple[Condition, ...], ids: Ids) -> Ids | None:
        """The photos that may be found, int64 (n,), ascending; None for all that have a vector."""
        if conditions:
            return self._database.photos.matching(conditions)
        hidden = self._database.photos.hidden()
        return ids[~np.isin(ids, hidden)] if len(hidden) else None

    def _hits(self, matches: Matches, own: set[int], query: Query) -> Iterator[Hit]:
        found = [(photo_id, score) for photo_id, score in matches if photo_id not in own]
        found = found[query.offset : query.offset + query.limit]
        if query.min_score is not None:
            found = [(photo_id, score) for photo_id, score in found if score >= query.min_score]
        scores = dict(found)
        folder = next((each.path for each in query.conditions if isinstance(each, InFolder)), None)
        for photo in self._database.photos.get(list(scores)):
            hit = Hit(photo.id, scores[photo.id], _asked_for_first(photo, folder))
            if hit.paths:  # its last file may have gone since the search began
                yield hit


def _asked_for_first(photo: Photo, folder: bytes | None) -> Photo:
    """The photo with its places in the folder that was asked for before its other ones."""
    if folder is None:
        return photo
    names = (folder, os.path.realpath(folder))  # a photo is known by its real path
    files = sorted(photo.files, key=lambda file: not any(lies_in(file.path, name) for name in names))
    return replace(photo, files=tuple(files))


def _away(hits: tuple[Hit, ...]) -> Iterator[str]:
    away = sum(all(file.state is not FileState.PRESENT for file in hit.photo.files) for hit in hits)
    if away:
        yield f"{away} of these photos {'is' if away == 1 else 'are'} on a drive that isn't connected now."


def _check(query: Query) -> None:
    if not query.like and not (query.line or "").strip():
        raise UsageError("Nothing was asked for.", "Give some words, or a photo to find the like of.")
    if query.limit < 1:
        raise UsageError(f"A limit of {query.limit} leaves nothing to show.", "Give one of at least 1.")
    if query.offset < 0:
        raise UsageError(f"An answer can't start at {query.offset}.", "Give an offset of 0 or more.")
