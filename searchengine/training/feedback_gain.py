"""What feedback is worth: how much better an answer gets by a few marks, on photos whose captions say what they show.

A concept is a word. A simulated person asks for it, looks at the first photos of the answer, and says of each whether
it fits. The photos that they looked at are left out of both average precisions, before and after, since to find again
what was shown is no merit (residual collection: Chang, Cirillo and Razon, "Evaluation of feedback retrieval using
modified freezing, residual collection, and test and control groups", 1971).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.ranking.feedback import refine
from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences
from searchengine.training.encoding import encode_photos, encode_sentences
from searchengine.training.evaluation import problems_of
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vector, Vectors
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.progress import Tell

CONCEPTS = 50
MARKS = 5
RAREST, COMMONEST = 0.02, 0.15
"""The share of the photos of which some caption has the word."""

WITNESSES = 2
"""Captions with the word from which a photo is taken to show it; one may be a slip."""

DRAWS = 10_000

NO_CONCEPTS = {
    "about", "above", "across", "after", "against", "along", "around", "away", "back", "before", "behind",
    "below", "beside", "between", "beyond", "down", "from", "her", "him", "his", "into", "its", "near", "next",
    "off", "other", "out", "over", "past", "their", "them", "through", "toward", "towards", "under", "upon",
    "with",
}  # fmt: skip  # a list reads best with its entries together
"""Words that people agree on and nobody would look for."""


@dataclass(frozen=True, slots=True)
class ConceptGain:
    """One concept's average precision among the photos that weren't marked, as shares of 1."""

    concept: str
    photos: int  # that show it, marked ones included
    good: int  # of those that were marked
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class FeedbackGain:
    """What marks on the first photos of an answer are worth."""

    photos: int
    marks: int
    concepts: tuple[ConceptGain, ...]  # those that gain most first
    before: float  # mean average precision
    after: float
    low: float  # of after - before: the ends of its 95 % interval, the concepts drawn again
    high: float
    problems: tuple[str, ...]  # what was left out and why, a sentence each

    @property
    def raised(self) -> int:
        """For how many concepts the marks raised the average precision."""
        return sum(each.after > each.before for each in self.concepts)


def evaluate_feedback(
    model: EmbeddingModel, data: CaptionedPhotos, tell: Tell = untold, *, marks: int = MARKS, seed: int = 0
) -> FeedbackGain:
    """The gain for the concepts of these photos. Raises UsageError when their captions have no concept in common."""
    encoded = encode_photos(model, data.paths, tell)
    readable = data.take(encoded.kept.tolist())
    found = concepts(readable.captions)
    yardstick = Yardstick.of(encoded.vectors, encode_sentences(model, background_sentences()))
    queries = encode_sentences(model, list(found), tell)
    measured = [
        _gain(name, query, shown, encoded.vectors, yardstick, marks)
        for (name, shown), query in zip(found.items(), queries, strict=True)
    ]
    gains = sorted((gain for gain in measured if gain is not None), key=lambda gain: gain.before - gain.after)
    if not gains:
        raise UsageError(
            "The captions have no concept to ask for.",
            f"It takes words that stand in {100 * RAREST:.0f} to {100 * COMMONEST:.0f} % of the photos' captions, in "
            f"{WITNESSES} captions of a photo, and more than {marks} photos for each.",
        )
    before, after = (np.array([getattr(gain, name) for gain in gains]) for name in ("before", "after"))
    low, high = interval_of_mean(after - before, seed=seed)
    return FeedbackGain(
        len(readable), marks, tuple(gains), float(before.mean()), float(after.mean()), low, high,
        problems_of(data, encoded),
    )  # fmt: skip


def concepts(captions: Sequence[Sequence[str]], count: int = CONCEPTS) -> dict[str, NDArray[np.bool_]]:
    """The words to ask for and the photos that show each, bool (photos,), from every photo's captions.

    Of the words that stand in the captions of 2 to 15 % of the photos: those on which the writers agree most, which is
    how likely another caption of the same photo has a word that one of its captions has. A plural is its singular.
    """
    words = [[set(re.findall(r"[a-z]+", caption.lower())) for caption in own] for own in captions]
    known = {word for own in words for each in own for word in each}
    words = [[{_singular(word, known) for word in each} for each in own] for own in words]
    shown: dict[str, NDArray[np.bool_]] = {}
    mentioned, agreed, asked = Counter[str](), Counter[str](), Counter[str]()
    for photo, own in enumerate(words):
        for word, times in Counter(word for each in own for word in each).items():
            mentioned[word] += 1
            agreed[word] += times * (times - 1)
            asked[word] += times * (len(own) - 1)
            shown.setdefault(word, np.zeros(len(words), bool))[photo] = times >= WITNESSES
    usual = [
        word
        for word, photos in mentioned.items()
        if RAREST <= photos / len(words) <= COMMONEST and asked[word] and word not in NO_CONCEPTS
    ]
    best = sorted(usual, key=lambda word: (-agreed[word] / asked[word], word))[:count]
    return {word: shown[word] for word in best}


def average_precision(right: NDArray[np.bool_]) -> float:
    """Of an answer, best first, bool (n,): the mean, over the photos that are right, of the precision down to each."""
    ranks = np.flatnonzero(right) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


def interval_of_mean(values: NDArray[np.float64], *, seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The ends of the 95 % bootstrap interval of the mean of float64 (n,)."""
    drawn = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def _gain(
    name: str, query: Vector, shown: NDArray[np.bool_], vectors: Vectors, yardstick: Yardstick, marks: int
) -> ConceptGain | None:
    """None where nothing is left to find behind the photos that are marked."""
    order = np.argsort(-(vectors @ query), kind="stable")
    marked, rest = order[:marks], order[marks:]
    if not shown[rest].any():
        return None
    fits = shown[marked]
    refined = refine(query, vectors[marked[fits]], vectors[marked[~fits]], yardstick)
    again = rest[np.argsort(-(vectors[rest] @ refined), kind="stable")]
    before, after = average_precision(shown[rest]), average_precision(shown[again])
    return ConceptGain(name, int(shown.sum()), int(fits.sum()), before, after)


def _singular(word: str, known: set[str]) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[:-1] in known else word
