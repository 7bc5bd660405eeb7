"""The one interface to every model: pixels and sentences to unit vectors in one space.

A subclass says what it is and writes two methods, `_encode_prepared` and `_encode_tokens`-like text encoding; what
every model must do alike (checking inputs, batches, empty input, unit length) stands here. No weights, no runtime and
no file is known here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.preprocessing import Preprocessing, prepare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import ModelIdentity, Pixels, Vectors

BATCH = 32
"""Pictures or sentences in one pass; large enough to fill a processor, small enough for a laptop's memory."""


class EmbeddingModel(ABC):
    """A dual encoder: photos and sentences that mean the same get vectors that point the same way."""

    identity: ModelIdentity
    preprocessing: Preprocessing
    precision: str  # "float32", "float16", "int8": recorded with each embedding, no part of the identity
    languages: tuple[str, ...]  # ISO 639-1 codes it reads; empty when unknown, ("*",) for many

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.identity.dim

    def prepare(self, pixels: Pixels) -> Pixels:
        """One picture of any size, uint8 (h, w, 3), to the model's input, uint8 (height, width, 3).

        Cheap and thread-safe, so that the threads which decode do it too, and only small arrays wait for the model.
        """
        return prepare(pixels, self.preprocessing)

    def encode_prepared(self, batch: NDArray[np.uint8]) -> Vectors:
        """Prepared pictures, uint8 (n, height, width, 3), to float32 (n, dim) of unit length, for any n."""
        return self._in_batches(batch, self._encode_prepared)

    def encode_images(self, images: Sequence[Pixels]) -> Vectors:
        """Pictures of any size, each uint8 (h, w, 3), to float32 (n, dim) of unit length, for any n."""
        if not len(images):
            return np.empty((0, self.dim), np.float32)
        return self.encode_prepared(np.stack([self.prepare(image) for image in images]))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Sentences to float32 (n, dim) of unit length, for any n."""
        return self._in_batches(texts, self._encode_texts)

    @abstractmethod
    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """At most `BATCH` prepared pictures, uint8 (n, height, width, 3), to float32 (n, dim), any length."""

    @abstractmethod
    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """At most `BATCH` sentences to float32 (n, dim), any length."""

    def _in_batches(self, inputs, encode):  # type: ignore[no-untyped-def]  # placeholder: helper types this
        parts = [encode(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)]
        if not parts:
            return np.empty((0, self.dim), np.float32)
        vectors = np.concatenate(parts).astype(np.float32, copy=False)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
