"""What labels are worth: their curve fitted on captioned photos, and checked on others.

A label is true of a photo when two or more of its captions name it, and false when none does; where one alone does, it
is left open. Since people don't name everything that is to be seen, the share that is right is rather too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.ranking.labels import FITS, FITTED, Curve, LabelScorer
from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences
from searchengine.training.data import held_out
from searchengine.training.encoding import encode_photos
from searchengine.training.evaluation import problems_of
from searchengine.training.mentions import Mentions
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.progress import Tell

HELD_OUT = 1000
"""Photos that the curve isn't fitted to, by which it is judged."""

FIT_PHOTOS = 2000
"""Photos that it is fitted to, evenly out of the others: times 1,600 labels that is plenty for three numbers."""

EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Ends of the bins of confidence; what is below the first is beyond doubt, and most of all pairs."""

TRUE = 2
"""Captions that must name a label for it to be true."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs of a photo and a label that have a confidence in one span."""

    low: float
    high: float
    pairs: int
    confidence: float  # their mean
    true: float  # the share of them that is true


@dataclass(frozen=True, slots=True)
class LabelQuality:
    """How well labels fit photos that nothing was fitted to."""

    photos: int
    labels: int
    given: float  # labels of a photo, on average
    precision: float  # the share of the given ones that two or more captions name
    named: float  # the share of the given ones that at least one caption names
    recall: float  # the share of the true ones that is given
    calibration_error: float  # over the bins, by their pairs: how far confidence and truth are apart
    bins: tuple[Bin, ...]
    aligned: bool  # whether the model's sentences have to do with its photos at all; else it gives no label
    curve: Curve  # as it is in the program
    fitted: Curve  # as it would be, fitted to the photos that aren't held out
    problems: tuple[str, ...] = ()


def evaluate_labels(
    model: EmbeddingModel,
    data: CaptionedPhotos,
    vectors: Vectors,
    labels: Sequence[Sequence[str]],
    frequencies: Sequence[int],
    tell: Tell = untold,
) -> LabelQuality:
    """Label the photos that are held out; fit the curve to some of the others, to be compared.

    `labels` are the words for each, `vectors` float32 (labels, dim) as the model sees them, `frequencies` as for
    `LabelScorer`. Raises UsageError when there are too few photos.
    """
    if len(data) < 2 * HELD_OUT:
        raise UsageError(f"Labels are judged by {HELD_OUT:,} photos; there are only {len(data):,} in all.")
    learnt, judged = held_out(data.paths, HELD_OUT)
    learnt = [learnt[i] for i in np.linspace(0, len(learnt) - 1, min(len(learnt), FIT_PHOTOS)).astype(int)]
    chosen = data.take([*learnt, *judged])
    encoded = encode_photos(model, chosen.paths, tell)
    background = model.encode_texts(background_sentences())
    scorer = LabelScorer.of(vectors, frequencies, background)
    counts = _counts(Mentions(labels), [chosen.captions[i] for i in encoded.kept])
    first = int(np.searchsorted(encoded.kept, len(learnt)))  # of those that are judged
    fitted = _fit(scorer, encoded.vectors[:first], counts[:first])
    photos, named = encoded.vectors[first:], counts[first:]
    aligned = Yardstick.of(photos, background).aligned
    confidences = scorer.confidences(photos) * np.float32(aligned)
    return _quality(confidences, named, aligned, fitted, problems_of(chosen, encoded))


def count_labels(captions: Sequence[str], labels: Sequence[Sequence[str]]) -> list[int]:
    """In how many captions each label stands; `labels` are the words for each."""
    mentions, counts = Mentions(labels), [0] * len(labels)
    for caption in captions:
        for label in mentions.of(caption):
            counts[label] += 1
    return counts


def _counts(mentions: Mentions, captions: Sequence[Sequence[str]]) -> NDArray[np.int8]:
    """How many captions of each photo name each label: int8 (photos, labels)."""
    counts = np.zeros((len(captions), len(mentions)), np.int8)
    for row, own in enumerate(captions):
        for caption in own:
            counts[row, list(mentions.of(caption))] += 1
    return counts


def _fit(scorer: LabelScorer, photos: NDArray[np.float32], counts: NDArray[np.int8]) -> Curve:
    """The logistic curve of greatest likelihood, by Newton's method; what one caption alone names is left out."""
    clear = counts != 1
    scores = scorer.standard_scores(photos)[clear].astype(np.float64)
    usual = np.broadcast_to(scorer.usual, counts.shape)[clear].astype(np.float64)
    measures = np.stack([scores, usual, np.ones(len(scores))], axis=1)  # (pairs, 3)
    true = counts[clear] >= TRUE
    weights = np.array([1.0, 1.0, 0.0])
    for _ in range(30):
        sure = 0.5 * (1 + np.tanh(0.5 * (measures @ weights)))
        curvature = (measures * (sure * (1 - sure))[:, None]).T @ measures + 1e-6 * np.eye(3)
        step = np.linalg.solve(curvature, measures.T @ (sure - true))
        weights -= np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return Curve(*(round(float(weight), 2) for weight in weights))


def _quality(
    confidences: NDArray[np.float32],
    counts: NDArray[np.int8],
    aligned: bool,
    fitted: Curve,
    problems: tuple[str, ...],
) -> LabelQuality:
    given, true, clear = confidences >= FITS, counts >= TRUE, counts != 1
    bins = []
    for low, high in pairwise(EDGES):
        inside = clear & (confidences >= low) & (confidences < high)
        pairs = int(inside.sum())
        if pairs:
            bins.append(Bin(low, high, pairs, float(confidences[inside].mean()), float(true[inside].mean())))
    pairs = sum(each.pairs for each in bins)
    error = sum(each.pairs * abs(each.confidence - each.true) for each in bins) / max(pairs, 1)
    total = max(int(given.sum()), 1)
    return LabelQuality(
        photos=len(counts),
        labels=counts.shape[1],
        given=float(given.sum(1).mean()),
        precision=int((given & true).sum()) / total,
        named=int((given & (counts > 0)).sum()) / total,
        recall=int((given & true).sum()) / max(int(true.sum()), 1),
        calibration_error=error,
        bins=tuple(bins),
        aligned=aligned,
        curve=FITTED,
        fitted=fitted,
        problems=problems,
    )
