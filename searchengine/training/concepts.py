"""Concepts ("my dog"): what a model learns of a label from the marks on a query's answer.

What is learnt is a probe, as of a person's own classes, and is given to photos where those are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import SearchEngineError
from searchengine.ranking.feedback import refine
from searchengine.ranking.log_odds import log_odds
from searchengine.ranking.relevance import LEAST_SPREAD
from searchengine.store.probes import Probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vector, Vectors
    from searchengine.store.database import Database

logger = logging.getLogger(__name__)

BACKGROUND = 1000
"""Photos of the library that weren't marked, against which the marked ones are held."""


def learn_concepts(
    database: Database, model_id: int, query: Callable[[str], Vector], yardstick: Callable[[], Yardstick]
) -> None:
    """Let a model learn the concepts whose marks have changed since, or that it doesn't know yet.

    `query` gives the query vector of a line as this model sees it, float32 (dim,), without its marks. A concept whose
    query can't be asked any more, since a photo in it is gone, is logged and left. Raises LibraryError in its kinds.
    """
    for concept in database.concepts.unlearnt(model_id):
        said = database.concepts.said().get(concept.label_id, {})
        good, bad = (
            database.embeddings.of(model_id, [photo_id for photo_id, fits in said.items() if fits is wanted])[1]
            for wanted in (True, False)
        )
        try:
            asked = query(concept.line)
        except SearchEngineError as error:
            logger.warning("The concept '%s' can't be learnt: %s", concept.name, error)
            continue
        others = _background(database, model_id, list(said))
        probe = learn(asked, good, bad, others, yardstick())
        with database.writing():
            database.probes.learn(concept.label_id, model_id, probe)


def learn(query: Vector, good: Vectors, bad: Vectors, others: Vectors, yardstick: Yardstick) -> Probe:
    """The probe that tells what was meant: the refined query, with the score from which a photo is more likely to fit.

    That follows from what each marked photo would score if it hadn't been marked itself, and from the scores of others,
    float32 (m, dim). Without a photo that fits, none does.
    """
    if not len(good) or not len(others):
        return Probe(np.zeros_like(query), -1.0, accuracy=0.5, recall=0.0)
    refined = refine(query, good, bad, yardstick)
    fitting = [
        _standard(refine(query, np.delete(good, row, axis=0), bad, yardstick), good[row], yardstick)
        for row in range(len(good))
    ]
    unfit = [
        _standard(refine(query, good, np.delete(bad, row, axis=0), yardstick), bad[row], yardstick)
        for row in range(len(bad))
    ]
    slope, shift = log_odds(np.array(fitting), _standard(refined, others, yardstick))
    recall = float(np.mean([slope * score + shift >= 0 for score in fitting]))
    refused = float(np.mean([slope * score + shift < 0 for score in unfit])) if unfit else recall
    scale = slope / _spread(refined, yardstick)
    return Probe(
        (scale * refined).astype(np.float32),
        shift - scale * float(yardstick.mean @ refined),
        accuracy=(recall + refused) / 2,
        recall=recall,
    )


def _standard(query: Vector, photos: Vectors | Vector, yardstick: Yardstick) -> NDArray[np.float64]:
    """What photos score, in standard deviations over the library: float32 (m, dim) to float64 (m,), or of one ()."""
    scores: NDArray[np.float64] = ((photos - yardstick.mean) @ query / _spread(query, yardstick)).astype(np.float64)
    return scores


def _spread(query: Vector, yardstick: Yardstick) -> float:
    return max(float(yardstick.spread(query[None])[0]), LEAST_SPREAD)


def _background(database: Database, model_id: int, marked: Collection[int]) -> Vectors:
    """Some of the library's photos that aren't marked, evenly from old to new: float32 (m, dim)."""
    ids = np.setdiff1d(database.embeddings.ids(model_id), [*marked, *database.photos.hidden()])
    spaced = ids[np.linspace(0, len(ids) - 1, min(len(ids), BACKGROUND)).astype(np.int64)]
    return database.embeddings.of(model_id, spaced)[1]
