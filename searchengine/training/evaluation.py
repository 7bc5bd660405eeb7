"""What a model is worth: retrieval among captioned photos, zero-shot classification, a linear probe. Any model.

The figures are shares of 1 (the faces print percent); ranks count from 1. A tie counts against the model: what scores
as high as the right answer stands before it, so a model that finds everything alike finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.prompts import sentences
from searchengine.errors import UsageError
from searchengine.training.data import held_out
from searchengine.training.encoding import encode_photos, encode_sentences
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors
    from searchengine.training.data import CaptionedPhotos, LabelledPhotos
    from searchengine.training.encoding import EncodedPhotos
    from searchengine.training.progress import Tell

SCORES_AT_ONCE = 1 << 23
"""Entries of a similarity matrix in memory at a time: 32 MB of them, and as much again for comparing."""

PROBE_HELD_OUT = 5
"""A linear probe is asked about every fifth photo of a class, and learns from the others."""


@dataclass(frozen=True, slots=True)
class Recall:
    """How often what belongs to a query is among the first it finds."""

    at_1: float
    at_5: float
    at_10: float
    median_rank: float  # of the first that belongs to the query

    @classmethod
    def of(cls, ranks: NDArray[np.int64]) -> Recall:
        """From each query's rank of the first that belongs to it, int64 (queries,)."""
        at_1, at_5, at_10 = (float((ranks <= k).mean()) for k in (1, 5, 10))
        return cls(at_1, at_5, at_10, float(np.median(ranks)))


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Photos and captions finding each other."""

    photos: int
    captions: int
    text_to_image: Recall
    image_to_text: Recall
    problems: tuple[str, ...] = ()  # what was left out and why, a sentence each


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """Photos sorted into classes."""

    photos: int
    classes: int
    top_1: float
    top_5: float
    mean_per_class: float  # top-1, every class that has photos counting alike
    confusion: NDArray[np.int64]  # (classes, classes): how many photos of a row's class are taken for a column's
    learnt_from: int = 0  # photos with their classes, for a linear probe; none of those it is asked about
    problems: tuple[str, ...] = ()


def evaluate_retrieval(model: EmbeddingModel, data: CaptionedPhotos, tell: Tell = untold) -> Retrieval:
    """Every caption looks for its photo among all photos, every photo for one of its captions among all captions.

    As CLIP_benchmark defines it: a photo with several captions has found one when its best-ranked one is among the
    first k. (LAION-AI/CLIP_benchmark, `zeroshot_retrieval.py`; of ties its `topk` takes either.) Raises UsageError
    when no photo can be read.
    """
    encoded = encode_photos(model, data.paths, tell)
    readable = data.take(encoded.kept.tolist())
    texts = encode_sentences(model, [caption for own in readable.captions for caption in own], tell)
    to_image, to_text = ranks_both_ways(encoded.vectors, texts, caption_owners(readable))
    return Retrieval(
        photos=len(readable),
        captions=len(texts),
        text_to_image=Recall.of(to_image),
        image_to_text=Recall.of(to_text),
        problems=problems_of(data, encoded),
    )


def evaluate_zero_shot(
    model: EmbeddingModel, data: LabelledPhotos, templates: Sequence[str], tell: Tell = untold
) -> Classification:
    """Each photo goes to the class whose name, in all templates averaged, lies nearest to it.

    (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 3.1.4.)
    Raises UsageError when no photo can be read.
    """
    classes = class_vectors(model, data.classes, templates, tell)
    encoded = encode_photos(model, data.paths, tell)
    labels = np.array(data.labels)[encoded.kept]
    step = max(1, SCORES_AT_ONCE // len(classes))
    parts = [
        _sorted_into(encoded.vectors[start : start + step] @ classes.T, labels[start : start + step])
        for start in range(0, len(labels), step)
    ]
    ranks, taken_for = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _classification(labels, ranks, taken_for, len(classes), problems=tuple(encoded.unreadable.values()))


def evaluate_probe(model: EmbeddingModel, data: LabelledPhotos, tell: Tell = untold) -> Classification:
    """A logistic layer on the frozen vectors of four fifths of each class's photos, asked about the others.

    Which photos those are their file names decide. (Radford et al., 2021, section 3.2.) Raises UsageError when no
    photo can be read, and for a class with fewer than two.
    """
    from searchengine.training.linear_probe import fit_probe

    encoded = encode_photos(model, data.paths, tell)
    labels = np.array(data.labels)[encoded.kept]
    train, test = _probe_split([data.paths[i] for i in encoded.kept], labels, data.classes)
    probe = fit_probe(encoded.vectors[train], labels[train])
    ranks, taken_for = _sorted_into(probe.scores(encoded.vectors[test]), labels[test])
    problems = tuple(encoded.unreadable.values())
    return _classification(labels[test], ranks, taken_for, len(data.classes), learnt_from=len(train), problems=problems)


def class_vectors(
    model: EmbeddingModel, classes: Sequence[str], templates: Sequence[str], tell: Tell = untold
) -> Vectors:
    """One vector a class, the mean of its name in every template: float32 (classes, dim), unit length."""
    texts = [sentence for name in classes for sentence in sentences(name, templates)]
    means = encode_sentences(model, texts, tell).reshape(len(classes), len(templates), -1).mean(1)
    unit: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def caption_owners(data: CaptionedPhotos) -> NDArray[np.int64]:
    """The position of each caption's photo, int64 (captions,)."""
    return np.repeat(np.arange(len(data)), [len(own) for own in data.captions])


def ranks_both_ways(
    images: Vectors, texts: Vectors, owners: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each caption's rank of its photo, int64 (captions,), and each photo's of its first caption, int64 (photos,)."""
    photos = np.arange(len(images))
    return _ranks(texts, images, owners, photos), _ranks(images, texts, photos, owners)


def problems_of(data: CaptionedPhotos, encoded: EncodedPhotos) -> tuple[str, ...]:
    """What reading the data set left out, then which of its photos couldn't be read, with the line of each."""
    where = [f"{origin}: " for origin in data.origins] or [""] * len(data)
    return (*data.problems, *(where[position] + reason for position, reason in encoded.unreadable.items()))


def _ranks(
    queries: Vectors, found: Vectors, query_owners: NDArray[np.int64], found_owners: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each query the rank of the best of those with its owner, int64 (queries,); each has at least one."""
    parts = []
    step = max(1, SCORES_AT_ONCE // len(found))
    for start in range(0, len(queries), step):
        scores = queries[start : start + step] @ found.T  # (rows, found)
        own = query_owners[start : start + step, None] == found_owners  # (rows, found)
        best = np.where(own, scores, -np.inf).max(1, keepdims=True)
        parts.append(1 + ((scores >= best) & ~own).sum(1))
    return np.concatenate(parts)


def _sorted_into(scores: NDArray[np.floating], labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """From scores (photos, classes), which it changes: each photo's rank of its class, and what it is taken for."""
    own = scores[np.arange(len(labels)), labels]
    # A step down decides every tie for the other class, in the rank and in the confusion alike.
    scores[np.arange(len(labels)), labels] = np.nextafter(own, -np.inf)
    return (scores >= own[:, None]).sum(1) + 1, scores.argmax(1)


def _classification(
    labels: NDArray[np.int64],
    ranks: NDArray[np.int64],
    taken_for: NDArray[np.int64],
    classes: int,
    *,
    problems: tuple[str, ...],
    learnt_from: int = 0,
) -> Classification:
    confusion = np.bincount(labels * classes + taken_for, minlength=classes * classes).reshape(classes, classes)
    photos = confusion.sum(1)  # (classes,)
    return Classification(
        photos=len(labels),
        classes=classes,
        top_1=float((ranks == 1).mean()),
        top_5=float((ranks <= 5).mean()),
        mean_per_class=float((confusion.diagonal()[photos > 0] / photos[photos > 0]).mean()),
        confusion=confusion,
        learnt_from=learnt_from,
        problems=problems,
    )


def _probe_split(
    paths: Sequence[Path], labels: NDArray[np.int64], classes: Sequence[str]
) -> tuple[list[int], list[int]]:
    """The positions to learn from and those to be asked about, of each class its own share."""
    train: list[int] = []
    test: list[int] = []
    for label, name in enumerate(classes):
        own = np.flatnonzero(labels == label).tolist()
        if len(own) < 2:
            raise UsageError(
                f"The class {name} has {'one photo' if own else 'no photo'} that can be read; a probe needs one to "
                "learn from and one to be asked about.",
                "Add photos of it, or take its folder away.",
            )
        learnt, asked = held_out([paths[i] for i in own], max(1, len(own) // PROBE_HELD_OUT))
        train += [own[i] for i in learnt]
        test += [own[i] for i in asked]
    return train, test
