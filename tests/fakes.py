"""Stand-ins that need no weights, so that tests of everything else are quick."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.records import ModelIdentity

PALETTE = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 20, 20),
    "green": (20, 160, 20),
    "blue": (20, 20, 220),
    "yellow": (240, 230, 20),
    "orange": (250, 140, 10),
    "purple": (130, 20, 140),
    "pink": (255, 170, 190),
    "brown": (120, 70, 30),
    "cyan": (20, 220, 220),
}
COLOURS = np.array(list(PALETTE.values()), np.float32)  # (12, 3)
ANY_COLOUR = 0.1  # what a text has of each colour that it doesn't name, so that "home" is of no colour in particular
SIDE = 6  # pixels of the tiny picture that tells photos of equal colours apart


class ColourModel(EmbeddingModel):
    """Knows colours and nothing else: "red" finds the reddest photo. Deterministic, and quicker than any
    decoder.

    A vector is the picture's share of each colour of the palette, then a tiny picture of it. A text has the
    colours that it names, then a few numbers that differ from text to text, too small to change which colour
    comes first.
    """

    precision = "float32"
    languages = ("en",)

    def __init__(self, name: str = "colours", revision: str = "1") -> None:
        """Models of different names or revisions give different vectors, as real ones do."""
        self.preprocessing = Preprocessing(24, 24, "squash", 24, "bilinear")
        dim = len(PALETTE) + SIDE * SIDE * 3  # 120
        self.identity = ModelIdentity(name, revision, f"{name}-{revision}", str(self.preprocessing), dim)
        self._order = np.random.default_rng(zlib.crc32(f"{name}-{revision}".encode())).permutation(dim)
        self.encoded_images = 0  # pictures through the model so far: a move or a copy must not add to it

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.encoded_images += len(batch)
        pixels = batch.astype(np.float32)
        distances = ((pixels[:, :, :, None, :] - COLOURS) ** 2).sum(-1)  # (n, 24, 24, 12)
        nearest = distances.argmin(-1).reshape(len(batch), -1)  # (n, 576)
        shares = np.stack([(nearest == colour).mean(1) for colour in range(len(PALETTE))], axis=1)  # (n, 12)
        blocks = pixels.reshape(len(batch), SIDE, 24 // SIDE, SIDE, 24 // SIDE, 3).mean((2, 4))  # (n, 6, 6, 3)
        tiny = blocks.reshape(len(batch), -1) / 255 - 0.5
        return np.concatenate([np.sqrt(shares), 0.1 * tiny], axis=1).astype(np.float32)[:, self._order]

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = []
        for text in texts:
            words = text.lower().replace("gray", "grey").split()
            named = np.array([words.count(colour) for colour in PALETTE], np.float32) + ANY_COLOUR
            noise = np.random.default_rng(zlib.crc32(text.encode("utf-8", "replace"))).normal(size=SIDE * SIDE * 3)
            vectors.append(np.concatenate([named, 0.005 * noise]).astype(np.float32))
        return np.stack(vectors)[:, self._order]
