"""The vectors of one model as they were at one moment. Nothing in it ever changes, so any number of threads may search
it at once while the next one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors.base import Matches, among

if TYPE_CHECKING:
    from searchengine.records import Ids, Vector, Vectors
    from searchengine.vectors.faiss_index import FaissIndex


class Snapshot:
    """An index and a small one beside it that holds what came later."""

    def __init__(self, main: FaissIndex, tail: FaissIndex, current: Ids | None) -> None:
        """What `tail` holds counts, whatever `main` has. `current`: the ids that hold, int64 (n,); None: all."""
        held = ~np.isin(main.ids, tail.ids)
        if current is not None:
            held &= np.isin(main.ids, current)
        self.main = main
        self.tail = tail
        self.alive: Ids | None = None if held.all() else main.ids[held]  # of `main`; None: all of it
        alive = main.ids if self.alive is None else self.alive
        self.ids: Ids = np.union1d(alive, tail.ids) if len(tail) else alive

    def search(self, query: Vector, k: int, *, only: Ids | None) -> Matches:
        """The k nearest of float32 (dim,), among the ids `only` when given."""
        allowed = self.alive
        if allowed is not None and only is not None:
            allowed = allowed[np.isin(allowed, only)]
        old = self.main.search(query, k, only=only if allowed is None else allowed)
        if not len(self.tail):
            return old
        new = self.tail.search(query, k, only=only)
        return Matches.best(np.concatenate((old.ids, new.ids)), np.concatenate((old.scores, new.scores)), k)

    def vectors(self, ids: Ids) -> tuple[Ids, Vectors]:
        """The vectors of these photos, int64 (n,) in their order and float32 (n, dim); those without are left out."""
        ids = ids[among(ids, self.ids)]
        if not len(self.tail):
            return ids, self.main.vectors(ids)
        late = among(ids, self.tail.ids)
        vectors = np.empty((len(ids), self.main.dim), np.float32)
        vectors[late] = self.tail.vectors(ids[late])
        vectors[~late] = self.main.vectors(ids[~late])
        return ids, vectors
