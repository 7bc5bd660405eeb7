"""Whether a relevance of 0.7 is right seven times in ten, and whether what is not there is said not to be there.

Every caption with its own photo is a true pair, with nine photos drawn by chance nine others: the mix of which a
relevance is the share of true pairs. (Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks",
2017; bins of equal mass: Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language
processing models", 2015.) For photos as queries, a true pair is a photo with the one whose captions have most in common
with its own. Every other photo's pairs fit the curves that stand in `ranking/relevance.py`, the others' check them;
`Calibration` carries the curves fitted anew, so that the constants can be brought up to date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.ranking.relevance import (
    PHOTO_CURVE,
    TEXT_CURVE,
    THRESHOLDS,
    Yardstick,
    logistic,
    photo_measure,
    relevance_of_texts,
    text_measure,
)
from searchengine.records import Band
from searchengine.resources import background_sentences
from searchengine.training.encoding import encode_photos, encode_sentences
from searchengine.training.evaluation import caption_owners, problems_of
from searchengine.training.progress import untold
from searchengine.training.vain_queries import absent, nonsense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.progress import Tell

    Curve = tuple[float, float]

RANDOM_PAIRS = 9
"""For each true pair."""

BINS = 15
LEAST_PHOTOS = 20
AT_ONCE = 500  # queries whose relevance for all photos is in memory at a time


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of nearly the same relevance."""

    pairs: int
    said: float  # their mean relevance
    true: float  # the share of true ones among them


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far relevances can be taken at their word, on pairs that no curve was fitted to."""

    true_pairs: int
    random_pairs: int
    expected_error: float  # ECE: |said - true|, over bins of equal mass
    auc: float  # how often a true pair has more than a random one
    bands: dict[str, float]  # the share of true pairs in each band or a better one
    random_bands: dict[str, float]  # and of random ones
    bins: tuple[Bin, ...]
    curve: Curve  # slope and constant as fitted anew to the other pairs
    in_use: Curve  # those of this edition of the program


@dataclass(frozen=True, slots=True)
class Vain:
    """Queries of one kind that nothing fits, asked of all photos."""

    kind: str
    queries: int
    none: float  # the share whose best hit is of band none


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a model's search is, and how rightly."""

    photos: int
    captions: int
    aligned: bool  # whether sentences and photos have to do with each other at all
    texts: Reliability
    like: Reliability  # photos as queries
    vain: tuple[Vain, ...]
    captions_answered: float  # the share of captions whose best hit isn't of band none
    problems: tuple[str, ...] = ()  # what was left out and why, a sentence each


def calibrate(model: EmbeddingModel, data: CaptionedPhotos, tell: Tell = untold, *, seed: int = 0) -> Calibration:
    """Measure a model's relevances on these photos, which are the library, too. Raises UsageError for too few."""
    encoded = encode_photos(model, data.paths, tell)
    readable = data.take(encoded.kept.tolist())
    if len(readable) < LEAST_PHOTOS:
        raise UsageError(f"{len(readable)} photos can't show how sure a search is.", f"Take {LEAST_PHOTOS} or more.")
    captions = [caption for own in readable.captions for caption in own]
    queries = {**nonsense(seed), "not there": absent(captions)}
    texts = encode_sentences(model, captions, tell)
    yardstick = Yardstick.of(encoded.vectors, encode_sentences(model, background_sentences()))
    vain = {kind: encode_sentences(model, asked) for kind, asked in queries.items() if asked}
    alike = most_in_common(readable.captions)
    return Calibration(
        photos=len(readable),
        captions=len(texts),
        aligned=yardstick.aligned,
        texts=_of_texts(yardstick, texts, caption_owners(readable), encoded.vectors, seed),
        like=_of_photos(yardstick, alike, encoded.vectors, seed),
        vain=tuple(
            Vain(kind, len(asked), 1 - answered(yardstick, asked, encoded.vectors)) for kind, asked in vain.items()
        ),
        captions_answered=answered(yardstick, texts, encoded.vectors),
        problems=problems_of(data, encoded),
    )


def answered(yardstick: Yardstick, queries: Vectors, photos: Vectors) -> float:
    """The share of sentences, float32 (m, dim), whose best hit among photos, float32 (n, dim), isn't of band none."""
    best = [
        relevance_of_texts(yardstick, queries[start : start + AT_ONCE], photos).max(axis=1)
        for start in range(0, len(queries), AT_ONCE)
    ]
    return float(np.mean(np.concatenate(best) >= THRESHOLDS[Band.WEAK]))


def most_in_common(captions: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """For each photo the one whose captions share most words with its own, rare ones above all: int64 (photos,).

    (The cosine of their tf-idf vectors: Salton and Buckley, "Term-weighting approaches in automatic text retrieval",
    1988.)
    """
    words = [sorted({word for caption in own for word in re.findall(r"[a-z]+", caption.lower())}) for own in captions]
    column = {word: number for number, word in enumerate(sorted({word for own in words for word in own}))}
    table = np.zeros((len(words), len(column)), np.float32)  # (photos, words)
    for row, own in enumerate(words):
        table[row, [column[word] for word in own]] = 1
    table *= np.log(len(words) / table.sum(axis=0))
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    shared = table @ table.T
    np.fill_diagonal(shared, -1)
    return np.asarray(shared.argmax(axis=1))


def reliability(
    true: NDArray[np.float64], others: NDArray[np.float64], owners: NDArray[np.int64], in_use: Curve, *, aligned: bool
) -> Reliability:
    """From the measures of true pairs, float64 (n,), and of random ones, (n, `RANDOM_PAIRS`), owned by photos (n,)."""
    fitting = owners % 2 == 0
    curve = fit_curve(true[fitting], others[fitting].ravel())
    right, wrong = (
        logistic(measure[~fitting].ravel(), *in_use) * aligned for measure in (true, others)
    )  # a model whose words have nothing to do with its photos is sure of nothing
    said = np.concatenate([right, wrong])
    is_true = np.arange(len(said)) < len(right)
    order = np.argsort(said, kind="stable")
    bins = tuple(
        Bin(len(part), float(said[part].mean()), float(is_true[part].mean())) for part in np.array_split(order, BINS)
    )
    return Reliability(
        true_pairs=len(right),
        random_pairs=len(wrong),
        expected_error=sum(each.pairs * abs(each.said - each.true) for each in bins) / len(said),
        auc=area_under_curve(right, wrong),
        bands={band.value: float((right >= least).mean()) for band, least in THRESHOLDS.items()},
        random_bands={band.value: float((wrong >= least).mean()) for band, least in THRESHOLDS.items()},
        bins=bins,
        curve=curve,
        in_use=in_use,
    )


def fit_curve(true: NDArray[np.float64], others: NDArray[np.float64], steps: int = 30) -> Curve:
    """Slope and constant of the logistic curve that fits pairs best, by Newton's method (Platt, 1999)."""
    measure = np.concatenate([true, others])
    is_true = np.arange(len(measure)) < len(true)
    inputs = np.stack([measure, np.ones_like(measure)])  # (2, pairs)
    weights = np.zeros(2)
    for _ in range(steps):
        said = logistic(measure, *weights)
        curvature = (inputs * (said * (1 - said) + 1e-9)) @ inputs.T + 1e-6 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, inputs @ (is_true - said))
    return float(weights[0]), float(weights[1])


def area_under_curve(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
    """How often one of `right` is above one of `wrong`; ties count half (Mann and Whitney, 1947)."""
    wrong = np.sort(wrong)
    below = np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")
    return float(below.mean() / 2 / len(wrong))


def _of_texts(
    yardstick: Yardstick, texts: Vectors, owners: NDArray[np.int64], photos: Vectors, seed: int
) -> Reliability:
    parts = [
        _pairs(text_measure(yardstick, texts[start : start + AT_ONCE], photos), owners[start : start + AT_ONCE], seed)
        for start in range(0, len(texts), AT_ONCE)
    ]
    true, others = (np.concatenate(column) for column in zip(*parts, strict=True))
    return reliability(true, others, owners, TEXT_CURVE, aligned=yardstick.aligned)


def _of_photos(yardstick: Yardstick, alike: NDArray[np.int64], photos: Vectors, seed: int) -> Reliability:
    true, others = _pairs(photo_measure(yardstick, photos, photos), alike, seed, not_these=np.arange(len(photos)))
    return reliability(true, others, np.arange(len(photos)), PHOTO_CURVE, aligned=yardstick.aligned)


def _pairs(
    measures: NDArray[np.float64], own: NDArray[np.int64], seed: int, not_these: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of measures, float64 (m, n), those of the true pairs (m,) and of `RANDOM_PAIRS` others each."""
    queries = len(measures)
    chance = np.random.default_rng([seed, queries, int(own[0])]).random(measures.shape)
    chance[np.arange(queries), own] = 2
    if not_these is not None:
        chance[np.arange(queries), not_these] = 2  # no photo is paired with itself
    drawn = np.argpartition(chance, RANDOM_PAIRS, axis=1)[:, :RANDOM_PAIRS]
    return measures[np.arange(queries), own], np.take_along_axis(measures, drawn, axis=1)
