"""The photos that may answer questions, nearest first, with how sure it is that they fit.

The index knows which photos are nearest; how relevant they are is worked out photo by photo. That needs only be done
for so many of them as it takes to fill a page: they come in windows, each as large as all before it, and end with the
window in whose farther half none is relevant any more. Within a window the most relevant come first. A window holds
the same whichever page is asked for, so that pages put together are the whole answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Self

import numpy as np

from searchengine.ranking.relevance import THRESHOLDS, relevance_of_photo, relevance_of_texts, together
from searchengine.records import Band
from searchengine.searching.expression import Text
from searchengine.vectors.base import among

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Ids, Vector, Vectors
    from searchengine.searching.live_index import LiveIndex
    from searchengine.searching.questions import Part, Question

WINDOW = 256
"""Photos of the first window of a question; hundreds of relevant ones are no answer that anybody looks through."""

AT_ONCE = 2 * WINDOW
"""Photos that the index is asked for at first, and it is rarely asked again."""

FURTHER = 4
"""How many times as many it is asked for the next time."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Photos in an order."""

    ids: Ids  # int64 (n,)
    scores: NDArray[np.float64]  # (n,), cosine to what was asked; NaN where that was conditions alone
    relevance: NDArray[np.float64]  # (n,), 0 to 1
    vectors: Vectors  # float32 (n, dim)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Candidates:
        """Some of them, or all in another order."""
        return Candidates(self.ids[which], self.scores[which], self.relevance[which], self.vectors[which])

    def followed_by(self, others: Self) -> Candidates:
        """These, then others."""
        return Candidates(
            np.concatenate((self.ids, others.ids)),
            np.concatenate((self.scores, others.scores)),
            np.concatenate((self.relevance, others.relevance)),
            np.concatenate((self.vectors, others.vectors)),
        )


def candidates(
    questions: Sequence[Question],
    masks: Sequence[Ids],
    index: LiveIndex,
    yardstick: Yardstick,
    *,
    least: float,
) -> Iterator[Candidates]:
    """Windows of the photos that may answer one of the questions, up to the end of those with `least` relevance.

    `masks`: for each question the photos that satisfy its conditions, int64 (n,), ascending. A photo counts as what it
    is in the question that it fits best; what must not fit and does is left out, and so are photos without a vector.
    """
    seen = np.empty(0, np.int64)
    for parts in zip_longest(*map(_windows, questions, masks, [index] * len(masks)), fillvalue=seen[:0]):
        fresh = np.setdiff1d(np.concatenate(parts), seen)
        seen = np.union1d(seen, fresh)
        ids, vectors = index.vectors(fresh)
        window, fits = _judged(questions, masks, ids, vectors, yardstick)
        yield window.take(np.lexsort((window.ids, -np.nan_to_num(window.scores), -window.relevance)))
        far = np.concatenate([part[len(part) // 2 :] for part in parts])
        if least > 0 and not (fits[np.isin(ids, far)] >= least).any():
            return


def _windows(question: Question, mask: Ids, index: LiveIndex) -> Iterator[Ids]:
    """The photos nearest to one question, in windows that double what there is; without a vector all at once."""
    if question.vector is None:
        yield mask
        return
    depth, end = AT_ONCE, WINDOW
    nearest = index.search(question.vector, depth, only=mask).ids
    known = nearest[:0] if question.marks is None else np.intersect1d(question.marks.good, mask)  # to fit
    start = 0
    while start < len(nearest):
        yield np.concatenate((known, nearest[start:end]))
        known, start, end = known[:0], end, 2 * end
        if start == depth:
            depth *= FURTHER
            # Asked for more, an index that isn't exact may put photos among the first that it passed over before.
            further = index.search(question.vector, depth, only=mask).ids
            nearest = np.concatenate((nearest, further[~np.isin(further, nearest)]))


def _judged(
    questions: Sequence[Question], masks: Sequence[Ids], ids: Ids, vectors: Vectors, yardstick: Yardstick
) -> tuple[Candidates, NDArray[np.float64]]:
    """These photos as the question that they fit best has them; those that answer none are left out.

    Beside them how well each of `ids` fits, (n,), also those left out: where photos still fit, others may follow.
    """
    relevance, scores, best = np.full(len(ids), -1.0), np.full(len(ids), np.nan), np.zeros(len(ids))
    for question, mask in zip(questions, masks, strict=True):
        inside = among(ids, mask)
        fits = fitting(question.parts, vectors, yardstick)
        best = np.maximum(best, np.where(inside, fits, 0.0))
        if question.marks is not None:
            fits = question.marks.settle(ids, fits)
        eligible = inside & ~np.isin(ids, list(question.own)) & ~excluded(question, vectors, yardstick)
        own = np.where(eligible, fits, -1.0)
        better = own > relevance
        relevance[better] = own[better]
        scores[better] = np.nan if question.vector is None else _cosines(question.vector, vectors[better])
    return Candidates(ids, scores, relevance, vectors).take(relevance >= 0), best


def _cosines(vector: Vector, vectors: Vectors) -> NDArray[np.float64]:
    # Not `@`: BLAS adds up a row in an order that depends on where the row stands, and equal vectors must tie.
    return np.asarray(np.einsum("nd,d->n", vectors, vector), np.float64)


def fitting(parts: Sequence[Part], vectors: Vectors, yardstick: Yardstick) -> NDArray[np.float64]:
    """How sure it is that each photo, float32 (n, dim), fits all parts, (n,): no surer than that it fits a phrase."""
    if not parts:
        return np.ones(len(vectors))
    each = relevances(parts, vectors, yardstick)
    phrases = [isinstance(part.asked, Text) and part.asked.phrase for part in parts]
    weights = np.array([part.asked.weight for part in parts])
    return np.asarray(np.minimum(together(each, weights), each[phrases].min(axis=0, initial=1.0)))


def excluded(question: Question, vectors: Vectors, yardstick: Yardstick) -> NDArray[np.bool_]:
    """Which photos, float32 (n, dim), fit well what must not fit, (n,)."""
    each = relevances(question.excluded, vectors, yardstick)
    return np.asarray((each >= THRESHOLDS[Band.GOOD]).any(axis=0))


def relevances(parts: Sequence[Part], vectors: Vectors, yardstick: Yardstick) -> NDArray[np.float64]:
    """How sure it is that each photo, float32 (n, dim), fits each part: (parts, n)."""
    found = np.empty((len(parts), len(vectors)))
    texts = [isinstance(part.asked, Text) for part in parts]
    if any(texts):
        queries = np.stack([part.vector for part, text in zip(parts, texts, strict=True) if text])
        found[texts] = relevance_of_texts(yardstick, queries, vectors)
    for row, part in enumerate(parts):
        if not texts[row]:
            found[row] = relevance_of_photo(yardstick, part.vector, vectors)
    return found
