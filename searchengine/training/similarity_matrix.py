"""Some photos against some sentences: the cosine of each pair, and the sentences for the sample photographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.preprocessing import Preprocessing, prepare
from searchengine.training.data import read_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Pixels

THUMBNAIL = Preprocessing(96, 96, "shortest", 96, "lanczos")

SAMPLES: Mapping[str, str] = {
    "astronaut.png": "an astronaut in an orange suit",
    "camera.png": "a man with a camera on a tripod",
    "chelsea.png": "a close-up of a cat",
    "coffee.png": "a cup of coffee on a table",
    "coins.png": "rows of old coins",
    "rocket.jpg": "a rocket on its launch pad",
    "motorcycle_left.png": "a motorcycle in a garage",
    "china.jpg": "a temple with a curved roof",
    "flower.jpg": "an orange flower",
    "page.png": "a page of printed text",
}
"""Sample photographs by their names, each with a sentence that fits it and none of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMatrix:
    """How well each sentence fits each photo."""

    photos: tuple[Pixels, ...]  # thumbnails, uint8 (96, 96, 3)
    sentences: tuple[str, ...]
    scores: NDArray[np.float32]  # (photos, sentences): cosines


def similarity_matrix(model: EmbeddingModel, paths: Sequence[Path], sentences: Sequence[str]) -> SimilarityMatrix:
    """Every photo against every sentence. Raises PhotoUnreadableError."""
    pictures = [read_picture(path, model.preprocessing.at_least) for path in paths]
    scores = model.encode_images(pictures) @ model.encode_texts(sentences).T
    return SimilarityMatrix(tuple(prepare(picture, THUMBNAIL) for picture in pictures), tuple(sentences), scores)
