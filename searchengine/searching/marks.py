"""What a person said of the photos in a query's answer, brought to bear on the next answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.feedback import refine
from searchengine.ranking.relevance import LEAST_SPREAD
from searchengine.searching.questions import Question, Questions, together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Ids, Vectors
    from searchengine.store.database import Database


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The marks on one query, as one model sees the photos."""

    good: Ids  # int64 (g,), ascending: what fits
    bad: Ids  # int64 (b,): what doesn't
    good_vectors: Vectors  # float32, of those of them that the model has seen
    bad_vectors: Vectors

    @classmethod
    def on(cls, line: str, database: Database, model_id: int) -> Marks | None:
        """The marks on a line, which is written as the query language writes it; None without any."""
        search = database.searches.of(line)
        if search is None or not (search.good or search.bad):
            return None
        good, bad = (np.array(ids, np.int64) for ids in (search.good, search.bad))
        vectors = (database.embeddings.of(model_id, ids)[1] for ids in (good, bad))
        return cls(good, bad, *vectors)

    def settle(self, ids: Ids, relevance: NDArray[np.float64]) -> NDArray[np.float64]:
        """The relevance of photos, int64 (n,) and float64 (n,), where the person's word is beyond doubt."""
        settled = np.where(np.isin(ids, self.good), 1.0, relevance)
        return np.where(np.isin(ids, self.bad), 0.0, settled)


def as_meant(questions: Questions, marks: Marks, yardstick: Yardstick) -> Questions:
    """The questions of a line, of which one at least has a vector, as the person meant them.

    What doesn't fit the line fits none of its alternatives. What fits speaks for the one that it lies nearest to, in
    standard deviations over the library: of the others nothing was said. Each part is moved, so that the relevance of
    a photo follows as its score does.
    """
    vectors = np.stack([vector for each in questions.each if (vector := each.vector) is not None])
    spreads = np.maximum(yardstick.spread(vectors), LEAST_SPREAD)
    nearest = ((marks.good_vectors - yardstick.mean) @ vectors.T / spreads).argmax(axis=1)  # (g,)
    meant: list[Question] = []
    for each in questions.each:
        if each.vector is not None:
            place = sum(other.vector is not None for other in meant)
            good = marks.good_vectors[nearest == place]
            parts = tuple(
                replace(part, vector=refine(part.vector, good, marks.bad_vectors, yardstick)) for part in each.parts
            )
            each = replace(each, parts=parts, vector=together(parts, lambda: yardstick))
        meant.append(replace(each, marks=marks))
    return Questions(tuple(meant), (*questions.notes, _note(marks)))


def _note(marks: Marks) -> str:
    number = len(marks.good) + len(marks.bad)
    return f"This follows what you said of {number} photo{'' if number == 1 else 's'} (`searchengine feedback`)."
