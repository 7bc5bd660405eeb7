"""Why a photo was found, asked of one library and one model: the words that it fits, and the regions that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import UsageError
from searchengine.searching.explain import Explanation, Thing, explain
from searchengine.searching.expression import Text
from searchengine.searching.likeness import LikenessReader
from searchengine.searching.named import readable_path
from searchengine.searching.plan import Asked, plan
from searchengine.searching.why import WordFit, why

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.store.database import Database


class Reasons:
    """Gives reasons for the answers of one library with one model. Threads may share it."""

    def __init__(
        self,
        database: Database,
        model_id: int,
        model: Callable[[], EmbeddingModel],
        yardstick: Callable[[], Yardstick],
    ) -> None:
        """`model` and `yardstick` are called when something is asked for."""
        self._database = database
        self._model_id = model_id
        self._model = model
        self._yardstick = yardstick
        self._likeness = LikenessReader(database, model_id, model)

    def why(self, line: str, photo_ids: Sequence[int]) -> dict[int, tuple[WordFit, ...]]:
        """How well these photos fit the words of a query, by id; nothing for those that have no vector.

        Raises QueryError.
        """
        texts = [asked for asked in _asked(line) if isinstance(asked, Text)]
        ids, vectors = self._database.embeddings.of(self._model_id, photo_ids)
        if not texts or not len(ids):
            return {}
        fits = why(texts, vectors, self._model().encode_texts, self._yardstick())
        return dict(zip(ids.tolist(), fits, strict=True))

    def explain(self, photo: str | Path | int, line: str, tell: Callable[[int, int], None]) -> Explanation:
        """What in a photo, in the library or not, speaks for each thing that a query asks for.

        `tell` hears how many views of the photo the model has seen, and of how many. Raises QueryError, UsageError for
        a query of conditions alone, NotFoundError, PhotoUnreadableError.
        """
        asked = _asked(line)
        if not asked:
            raise UsageError(f"'{line}' asks for nothing that a picture shows.", "Give some words, or like:PHOTO.")
        path = readable_path(self._database, photo)
        things = [self._thing(each) for each in asked]
        return explain(path, things, self._model(), self._yardstick(), tell)

    def _thing(self, asked: Asked) -> Thing:
        if isinstance(asked, Text):
            return Thing(asked.words, self._model().encode_texts([asked.words])[0])
        return Thing(f"like:{asked.photo}", self._likeness.read(asked.photo).vector, is_photo=True)


def _asked(line: str) -> list[Asked]:
    """What a query asks for in any of its alternatives, each once."""
    return list(dict.fromkeys(asked for alternative in plan(line).alternatives for asked in alternative.asked))
