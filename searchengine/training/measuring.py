"""R@k of an encoder in training, on pairs that it doesn't learn from; defined as `evaluation.py` defines it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from searchengine.training.batches import pictures_of, sentences_of
from searchengine.training.evaluation import Recall, ranks_both_ways

if TYPE_CHECKING:
    from searchengine.embedding.clip.dual_encoder import DualEncoder
    from searchengine.embedding.preprocessing import Normalisation
    from searchengine.records import Vectors
    from searchengine.training.pairs import Pairs

AT_ONCE = 64  # pictures or sentences


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """What to encode within, so that matrix products are computed in `precision`: "float32" or "bfloat16"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


@torch.no_grad()
def measure(encoder: DualEncoder, pairs: Pairs, normalisation: Normalisation, precision: str) -> tuple[Recall, Recall]:
    """How well captions find their photos, and photos one of their captions. Leaves the encoder in evaluation mode.

    The pictures of `pairs` have the size of the encoder's input.
    """
    encoder.eval()
    device = encoder.logit_scale.device
    with autocast(device, precision):
        images = _stacked(
            encoder.encode_images(pictures_of(pairs, photos, normalisation, device)) for photos in _blocks(len(pairs))
        )
        texts = _stacked(
            encoder.encode_texts(*sentences_of(pairs, captions, device)) for captions in _blocks(len(pairs.lengths))
        )
    owners = np.repeat(np.arange(len(pairs)), np.diff(pairs.first))  # (captions,): each one's photo
    by_text, by_image = ranks_both_ways(images, texts, owners)
    return Recall.of(by_text), Recall.of(by_image)


def _blocks(whole: int) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    for start in range(0, whole, AT_ONCE):
        yield np.arange(start, min(start + AT_ONCE, whole))


def _stacked(vectors: Iterator[Tensor]) -> Vectors:
    """float32 (n, dim)."""
    stacked: Vectors = torch.cat(list(vectors)).float().cpu().numpy()
    return stacked
