"""The one interface to every model: pixels and sentences to unit vectors in one space.

A subclass says what it is and writes two methods, `_encode_prepared` and `_encode_texts`; what every model must do
alike (checking inputs, batches, empty input, unit length) stands here. No weights, no runtime and no file is known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from searchengine.embedding.preprocessing import Preprocessing, prepare
from searchengine.errors import ModelDamagedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import ModelIdentity, Pixels, Vectors

Inputs = TypeVar("Inputs", "NDArray[np.uint8]", Sequence[str])

BATCH = 32
"""Pictures or sentences in one pass; large enough to fill a processor, small enough for a laptop's memory."""


class EmbeddingModel(ABC):
    """A dual encoder: photos and sentences that mean the same get vectors that point the same way.

    One model may be used from many threads at once. The same photo or sentence gets the same vector (cosine ≥ 0.9999)
    whatever else is in the batch. Every encoding raises ModelError when the model's files or memory fail it.
    """

    identity: ModelIdentity
    preprocessing: Preprocessing
    precision: str  # of the image tower: "float32", "float16", "int8"; recorded, no part of the identity
    languages: tuple[str, ...]  # ISO 639-1 codes of what it reads; ("*",) for many, empty when unknown
    texts_at_once: int = BATCH  # sentences in one pass, at most `BATCH`

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.identity.dim

    def prepare(self, pixels: Pixels) -> Pixels:
        """One picture of any size, uint8 (h, w, 3), to the model's input, uint8 (height, width, 3).

        Cheap and thread-safe, so that the threads which decode do it too, and only small arrays wait for the model.
        Raises ValueError for what is no picture.
        """
        return prepare(pixels, self.preprocessing)

    def encode_prepared(self, batch: NDArray[np.uint8]) -> Vectors:
        """Prepared pictures, uint8 (n, height, width, 3), to float32 (n, dim) of unit length, for any n.

        Raises ValueError for another shape or dtype.
        """
        expected = (self.preprocessing.height, self.preprocessing.width, 3)
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != expected:
            raise ValueError(f"prepared pictures are uint8 (n, {expected}), not {batch.dtype} {batch.shape}")
        return self._in_passes(batch, BATCH, self._encode_prepared)

    def encode_images(self, images: Sequence[Pixels]) -> Vectors:
        """Pictures of any size, each uint8 (h, w, 3), to float32 (n, dim) of unit length, for any n."""
        if not len(images):
            return np.empty((0, self.dim), np.float32)
        return self.encode_prepared(np.stack([self.prepare(image) for image in images]))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Sentences to float32 (n, dim) of unit length, for any n; what is too long is cut off."""
        if isinstance(texts, str):
            raise TypeError("encode_texts takes a sequence of sentences, not one sentence")
        return self._in_passes(texts, self.texts_at_once, self._encode_texts)

    @abstractmethod
    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """1 to `BATCH` prepared pictures, uint8 (n, height, width, 3), to float32 (n, dim), of any length."""

    @abstractmethod
    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """1 to `texts_at_once` sentences to float32 (n, dim), of any length."""

    def _in_passes(
        self, inputs: Inputs, at_once: int, encode: Callable[[Inputs], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Encode `at_once` at a time, and bring every vector to unit length."""
        if not len(inputs):
            return np.empty((0, self.dim), np.float32)
        parts = [encode(inputs[start : start + at_once]) for start in range(0, len(inputs), at_once)]
        vectors = np.concatenate(parts).astype(np.float32, copy=False)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        # Such vectors would be neither found nor noticed in an index, so they stop here.
        if vectors.shape[1] != self.dim or not np.all(np.isfinite(lengths) & (lengths > 0)):
            raise ModelDamagedError(
                f"The model {self.identity.name} gave vectors without a direction, or of a wrong length.",
                "Its weights are probably torn: run `searchengine doctor`, or pull it again.",
            )
        unit: NDArray[np.float32] = vectors / lengths
        return unit
