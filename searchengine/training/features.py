"""What the frozen towers make of the data, computed once: the input of the training of the heads.

Images go through an exported graph, which a processor runs three times as fast as PyTorch does.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from searchengine.training.augment import SIDE, SQUASH, View
from searchengine.training.backbones import IMAGE_FEATURES, TEXT_LAYERS, TEXT_WIDTH, ImageBackbone, TextBackbone
from searchengine.training.data import read_picture
from searchengine.training.export import export_graph

logger = logging.getLogger(__name__)

IMAGE_BATCH = 32
TEXT_BATCH = 128


def image_features(backbone: ImageBackbone, paths: Sequence[Path], views: Sequence[View], seed: int) -> Tensor:
    """Pooled features of every picture in every view: float32 (n, views, 1280).

    The chance in a view depends on the seed, the view's place and the picture's place, not on the order of the work.
    """
    run = _session(backbone)
    out = torch.empty(len(paths), len(views), IMAGE_FEATURES)
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(paths), IMAGE_BATCH):
            places = range(start, min(start + IMAGE_BATCH, len(paths)))
            pictures = list(pool.map(lambda place: read_picture(paths[place], SQUASH.at_least), places))
            for number, view in enumerate(views):
                chances = [np.random.default_rng([seed, number, place]) for place in places]
                batch = np.stack(list(pool.map(view, pictures, chances)))
                out[start : start + len(batch), number] = torch.from_numpy(run(batch))
            _say("images", start, IMAGE_BATCH, len(paths))
    return out


@torch.no_grad()
def text_features(backbone: TextBackbone, tokenizer: Tokenizer, texts: Sequence[str]) -> Tensor:
    """Features of sentences: float32 (n, layers × 384)."""
    encodings = tokenizer.encode_batch(list(texts))
    lengths = [sum(encoding.attention_mask) for encoding in encodings]
    out = torch.empty(len(texts), len(TEXT_LAYERS) * TEXT_WIDTH)
    order = np.argsort(lengths, kind="stable")  # sentences of like length together, so that little is padding
    for start in range(0, len(order), TEXT_BATCH):
        places = order[start : start + TEXT_BATCH]
        longest = max(lengths[place] for place in places)
        ids = torch.tensor([_padded(encodings[place].ids, longest) for place in places])
        mask = torch.tensor([_padded(encodings[place].attention_mask, longest) for place in places])
        out[torch.from_numpy(places)] = backbone(ids, mask)
        _say("texts", start, TEXT_BATCH, len(texts))
    return out


def _say(what: str, start: int, batch: int, whole: int) -> None:
    """Log how far it is, after every sixteenth batch and the last."""
    done = min(start + batch, whole)
    if done == whole or start // batch % 16 == 15:
        logger.info("%s: %d of %d", what, done, whole)


def _padded(numbers: list[int], length: int) -> list[int]:
    return (numbers + [0] * length)[:length]


def _session(backbone: ImageBackbone) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The backbone as a function: uint8 (n, 224, 224, 3) to float32 (n, 1280)."""
    with tempfile.TemporaryDirectory(prefix="searchengine-") as folder:
        graph = Path(folder) / "backbone.onnx"
        export_graph(backbone, {"pixels": torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)}, ["n"], graph)
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def run(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        features: NDArray[np.float32] = session.run(None, {"pixels": batch})[0]
        return features

    return run
