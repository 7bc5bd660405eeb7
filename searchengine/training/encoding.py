"""Photos on disk and sentences through a model: each once, what can't be read left out and named.

What the vectors are good for is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH
from searchengine.embedding.onnx_runtime import processors
from searchengine.errors import PhotoUnreadableError, UsageError
from searchengine.training.data import read_picture
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Pixels, Vectors
    from searchengine.training.progress import Tell


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPhotos:
    """The photos that could be read."""

    vectors: Vectors  # float32 (kept, dim), unit length
    kept: NDArray[np.int64]  # (kept,): their positions among those that were asked for, ascending
    unreadable: dict[int, str]  # the others, each with its reason, as a sentence


def encode_photos(model: EmbeddingModel, paths: Sequence[Path], tell: Tell = untold) -> EncodedPhotos:
    """Every photo that can be read, as a vector; only a batch of pictures is in memory at a time.

    Raises UsageError when none can be read.
    """

    def read(path: Path) -> Pixels | str:
        try:
            return model.prepare(read_picture(path, model.preprocessing.at_least))
        except PhotoUnreadableError as error:
            return error.what

    parts: list[Vectors] = []
    kept: list[int] = []
    unreadable: dict[int, str] = {}
    with ThreadPoolExecutor(processors()) as pool:
        for start in range(0, len(paths), BATCH):
            prepared = []
            for position, outcome in enumerate(pool.map(read, paths[start : start + BATCH]), start):
                if isinstance(outcome, str):
                    unreadable[position] = outcome
                else:
                    kept.append(position)
                    prepared.append(outcome)
            if prepared:
                parts.append(model.encode_prepared(np.stack(prepared)))
            tell("photos", min(start + BATCH, len(paths)), len(paths), "")
    if not parts:
        raise UsageError(f"None of {len(paths):,} photos can be read.", next(iter(unreadable.values()), ""))
    return EncodedPhotos(np.concatenate(parts), np.array(kept), unreadable)


def encode_sentences(model: EmbeddingModel, texts: Sequence[str], tell: Tell = untold) -> Vectors:
    """Sentences to float32 (texts, dim) of unit length; each distinct one is encoded once.

    They go through the model by length, so that a batch is padded to hardly more than its own.
    """
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    row = {text: number for number, text in enumerate(distinct)}
    parts = [model.encode_texts([])]
    for start in range(0, len(distinct), BATCH):
        parts.append(model.encode_texts(distinct[start : start + BATCH]))
        tell("sentences", min(start + BATCH, len(distinct)), len(distinct), "")
    vectors: Vectors = np.concatenate(parts)[[row[text] for text in texts]]
    return vectors
