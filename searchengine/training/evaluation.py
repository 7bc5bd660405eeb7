"""What a model is worth: retrieval among captioned photos, and zero-shot classification. Any `EmbeddingModel`.

The figures are shares of 1 (the faces print percent); ranks count from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH
from searchengine.training.classes import sentences
from searchengine.training.data import CaptionedPhotos, LabelledPhotos, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors

Progress = Callable[[int, int], None]
"""Called with how many photos are done, and how many there are."""

ROWS = 1024  # of a similarity matrix at a time, so that it never stands whole in memory


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


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """Photos sorted into classes that are known by name only."""

    photos: int
    classes: int
    top_1: float
    top_5: float
    mean_per_class: float  # top-1, every class counting alike


def evaluate_retrieval(model: EmbeddingModel, data: CaptionedPhotos, progress: Progress | None = None) -> Retrieval:
    """Every caption looks for its photo among all photos, every photo for one of its captions among all captions.

    As CLIP_benchmark defines it: a photo with several captions has found one when its best-ranked one is among the
    first k. (LAION-AI/CLIP_benchmark, `zeroshot_retrieval.py`.)
    """
    images = _encode_photos(model, data.paths, progress)
    texts = model.encode_texts([caption for own in data.captions for caption in own])
    owner = np.repeat(np.arange(len(data)), [len(own) for own in data.captions])  # (captions,): each one's photo
    return Retrieval(
        photos=len(data),
        captions=len(texts),
        text_to_image=Recall.of(_ranks(texts, images, owner[:, None] == np.arange(len(data)))),
        image_to_text=Recall.of(_ranks(images, texts, np.arange(len(data))[:, None] == owner)),
    )


def evaluate_zero_shot(
    model: EmbeddingModel, data: LabelledPhotos, templates: Sequence[str], progress: Progress | None = None
) -> ZeroShot:
    """Each photo goes to the class whose name, in all templates averaged, lies nearest to it.

    (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 3.1.4.)
    """
    scores = _encode_photos(model, data.paths, progress) @ class_vectors(model, data.classes, templates).T
    labels = np.array(data.labels)
    ranks = 1 + (scores > scores[np.arange(len(labels)), labels][:, None]).sum(1)  # (photos,)
    right = ranks == 1
    return ZeroShot(
        photos=len(data),
        classes=len(data.classes),
        top_1=float(right.mean()),
        top_5=float((ranks <= 5).mean()),
        mean_per_class=float(np.mean([right[labels == label].mean() for label in np.unique(labels)])),
    )


def class_vectors(model: EmbeddingModel, classes: Sequence[str], templates: Sequence[str]) -> Vectors:
    """One vector a class, the mean of its name in every template: float32 (classes, dim), unit length."""
    texts = [sentence for name in classes for sentence in sentences(name, templates)]
    means = model.encode_texts(texts).reshape(len(classes), len(templates), -1).mean(1)
    unit: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def _ranks(queries: Vectors, found: Vectors, belongs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each query the rank of the best of those that belong to it, int64 (queries,).

    `belongs` is bool (queries, found), at least one true in every row. Of equal scores the query's own counts
    first; they occur between copies of a photo only.
    """
    parts = []
    for start in range(0, len(queries), ROWS):
        scores = queries[start : start + ROWS] @ found.T  # (rows, found)
        best = np.where(belongs[start : start + ROWS], scores, -np.inf).max(1, keepdims=True)
        parts.append(1 + (scores > best).sum(1))
    return np.concatenate(parts)


def _encode_photos(model: EmbeddingModel, paths: Sequence[Path], progress: Progress | None) -> Vectors:
    """float32 (paths, dim), unit length; only a batch of pictures is in memory at a time."""
    return np.concatenate(list(_batches(model, paths, progress)))


def _batches(model: EmbeddingModel, paths: Sequence[Path], progress: Progress | None) -> Iterable[Vectors]:
    for start in range(0, len(paths), BATCH):
        some = paths[start : start + BATCH]
        yield model.encode_images([read_picture(path, model.preprocessing.at_least) for path in some])
        if progress:
            progress(start + len(some), len(paths))
