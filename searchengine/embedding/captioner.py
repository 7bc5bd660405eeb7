"""Pixels to a sentence: a captioner, run by PyTorch through the transformers library.

BLIP, GIT and every vision encoder with a text decoder; what differs between them is only how a prompt is handed over.
(Li et al., "BLIP: Bootstrapping Language-Image Pre-training", 2022; Wang et al., "GIT: A Generative Image-to-text
Transformer", 2022.) Beam search without sampling: the same photo gets the same sentence, whatever else is in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.lazy import Lazy
from searchengine.embedding.vision_language import VisionLanguage

if TYPE_CHECKING:
    import torch

    from searchengine.records import Pixels

BATCH = 8
"""Photos in one pass; the beams multiply them."""
BEAMS = 3
LONGEST = 30
"""Tokens that are written at most, beyond the prompt."""


class Captioner:
    """Writes a sentence about each photo. Loaded at its first use; threads may share it."""

    def __init__(self, folder: Path, name: str, device: str | None = None) -> None:
        """`folder`: a checkpoint of a captioner; `device`: PyTorch's name of a GPU, None for the processor."""
        self.name = name  # the source of the captions that it writes
        self._parts = Lazy(lambda: VisionLanguage.load(folder, "AutoModelForImageTextToText", device or "cpu"))

    @property
    def at_least(self) -> int:
        """Pixels that both sides of a photo must keep when it is decoded at reduced size."""
        return self._parts.get().at_least

    def captions(self, images: Sequence[Pixels], prompt: str | None = None) -> list[str]:
        """A sentence for each picture, uint8 (h, w, 3); with a `prompt` ("a photo of") it begins so.

        Raises ModelDamagedError when the checkpoint can't be loaded, ModelError when a GPU's memory is too small.
        """
        written: list[str] = []
        for start in range(0, len(images), BATCH):
            written += self._captions(images[start : start + BATCH], (prompt or "").strip())
        return written

    def _captions(self, images: Sequence[Pixels], prompt: str) -> list[str]:
        parts = self._parts.get()
        with parts.inference():
            pixels = parts.pixels(images)
            begun = _begun(parts, prompt, len(images)) if prompt else {}
            tokens = parts.model.generate(
                pixel_values=pixels, num_beams=BEAMS, do_sample=False, max_new_tokens=LONGEST, **begun
            )
        texts = parts.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]


def _begun(parts: VisionLanguage, prompt: str, count: int) -> dict[str, Any]:
    """What `generate` must be given for each of `count` pictures to go on from a prompt."""
    import torch

    def repeated(tokens: list[int]) -> torch.Tensor:
        return torch.tensor([tokens] * count, device=parts.device)

    tokenizer, config = parts.tokenizer, parts.model.config
    words: list[int] = tokenizer(prompt, add_special_tokens=False).input_ids
    match config.model_type:
        case "blip":  # its `generate` puts its own start in the first place, and drops the last
            ids = repeated(tokenizer(prompt).input_ids)
            return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        case "vision-encoder-decoder":
            return {"decoder_input_ids": repeated([config.decoder_start_token_id, *words])}
        case _:  # GIT: the first token is that of BERT's sentences
            return {"input_ids": repeated([tokenizer.cls_token_id, *words])}
