"""Words and pixels to the probability that they belong together: BLIP's image-text matching head.

It reads each photo together with the words, which is more than comparing two vectors, and far slower: it is for putting
a few dozen candidates in order. (Li et al., "BLIP: Bootstrapping Language-Image Pre-training", 2022, section 3.2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.lazy import Lazy
from searchengine.embedding.vision_language import VisionLanguage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Pixels

BATCH = 8
"""Photos in one pass."""


class Matcher:
    """Judges how well words fit photos. Loaded at its first use; threads may share it."""

    def __init__(self, folder: Path, name: str, device: str | None = None) -> None:
        """`folder`: a checkpoint with such a head; `device`: PyTorch's name of a GPU, None for the processor."""
        self.name = name
        self._parts = Lazy(lambda: VisionLanguage.load(folder, "BlipForImageTextRetrieval", device or "cpu"))

    @property
    def at_least(self) -> int:
        """Pixels that both sides of a photo must keep when it is decoded at reduced size."""
        return self._parts.get().at_least

    def match(self, text: str, images: Sequence[Pixels]) -> NDArray[np.float64]:
        """The probability that the text fits each picture, uint8 (h, w, 3): float64 (n,).

        Raises ModelDamagedError when the checkpoint can't be loaded, ModelError when a GPU's memory is too small.
        """
        parts = [self._match(text, images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        return np.concatenate([np.empty(0), *parts])

    def _match(self, text: str, images: Sequence[Pixels]) -> NDArray[np.float64]:
        import torch

        parts = self._parts.get()
        model, longest = parts.model, parts.model.config.text_config.max_position_embeddings
        words = parts.tokenizer([text] * len(images), truncation=True, max_length=longest, return_tensors="pt")
        with parts.inference():
            seen = model.vision_model(pixel_values=parts.pixels(images)).last_hidden_state  # (n, patches, width)
            # Not the model's own `forward`, which makes this mask on the processor whatever the device.
            whole = torch.ones(seen.shape[:2], dtype=torch.long, device=parts.device)
            read = model.text_encoder(
                input_ids=words["input_ids"].to(parts.device),
                attention_mask=words["attention_mask"].to(parts.device),
                encoder_hidden_states=seen,
                encoder_attention_mask=whole,
            ).last_hidden_state  # (n, tokens, width)
            logits = model.itm_head(read[:, 0]).double()  # (n, 2): no match, match
        return np.asarray(logits.softmax(-1)[:, 1].cpu().numpy(), np.float64)
