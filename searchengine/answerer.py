"""What answers for one model of a library: its index, its yardstick, its labels, put together once.

The library asks the one of the model that is active now, and makes another when that has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.describing.labelling import Labeller
from searchengine.embedding.lazy import Lazy
from searchengine.errors import ModelError, UsageError
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.reasons import Reasons
from searchengine.searching.searcher import Searcher
from searchengine.searching.yardsticks import Yardsticks

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.embedding.model_store import ModelStore
    from searchengine.records import ModelIdentity, Vector
    from searchengine.store.database import Database


class Answerer:
    """One model with its index, answering queries. What is costly in it is loaded at its first use."""

    def __init__(
        self, folder: Path, database: Database, models: ModelStore, model_id: int, identity: ModelIdentity
    ) -> None:
        """`folder` is the library's, where the caches lie."""
        self.identity = identity
        self.file = folder / f"vectors-{model_id}.faiss"
        self.model = Lazy(lambda: open_same(models, identity))
        self.yardsticks = Yardsticks(database, model_id, self.model.get, folder / f"yardstick-{model_id}.npz")
        self.index = LiveIndex(database, model_id, identity, self.file, self.yardsticks.sentences)
        self.labeller = Labeller(database, model_id, identity, self.model.get, self.yardsticks.get, folder)
        self.searcher = Searcher(database, self.index, self.model.get, self.yardsticks)
        self.reasons = Reasons(database, model_id, self.model.get, self.yardsticks.get)

    def vector_of(self, line: str) -> Vector:
        """What a line of one alternative asks for, float32 (dim,). Raises UsageError where that is nothing."""
        vector = self.searcher.asked(line)[0].vector
        if vector is None:
            raise UsageError(f"'{line}' asks for no words and no photo.")
        return vector


def open_same(models: ModelStore, identity: ModelIdentity, *, precision: str | None = None) -> EmbeddingModel:
    """The model with this identity: with a `precision` for many photos, without for single queries.

    Raises ModelError when what is here under its name is another edition.
    """
    model = models.open(identity.name, accelerated=precision is not None, precision=precision)
    if model.identity != identity:
        raise ModelError(
            f"The model {identity.name} on this machine isn't the one that this library was made with.",
            f"Embed the library anew with the one that is here: `searchengine models use {identity.name}`.",
        )
    return model
