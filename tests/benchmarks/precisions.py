"""How fast a model's image tower is in each precision that there is here, in turn, and how close to float32.

    python -m tests.benchmarks.precisions MODEL FOLDER [ROUNDS]

MODEL is what `--model` takes; FOLDER has 512 photographs or more. Other programs may be at work: quote the ratio of the
medians, or of the processor's seconds, never a single figure.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

from searchengine.embedding.base import BATCH, EmbeddingModel
from searchengine.embedding.fidelity import fidelity
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.precision import BFLOAT16, FLOAT32, INT8
from searchengine.errors import UsageError
from searchengine.photos.decode import decode
from searchengine.settings import Settings

PHOTOS = 512


def main(name: str, folder: Path, rounds: int = 15) -> None:
    store = ModelStore(Settings.choose().models)
    plain = store.open(name, precision=FLOAT32)
    paths = itertools.islice((path for path in sorted(folder.rglob("*")) if path.is_file()), PHOTOS)
    at_least = plain.preprocessing.at_least
    decoded = (decode(path.read_bytes(), path=bytes(path), at_least=at_least).pixels for path in paths)
    pictures = np.stack([plain.prepare(pixels) for pixels in decoded])
    models: dict[str, EmbeddingModel] = {FLOAT32: plain}
    for precision in (BFLOAT16, INT8):
        try:
            models[precision] = store.open(name, precision=precision)
        except UsageError as error:
            print(error)
    vectors = {precision: _encode(model, pictures) for precision, model in models.items()}
    taken: dict[str, list[tuple[float, float]]] = {precision: [] for precision in models}
    for _ in range(rounds):
        for precision, model in models.items():
            start, worked = time.perf_counter(), time.process_time()
            model.encode_prepared(pictures[:BATCH])
            taken[precision].append((time.perf_counter() - start, time.process_time() - worked))
    base, base_work = np.median(taken[FLOAT32], axis=0)
    for precision, model in models.items():
        seconds, work = np.median(taken[precision], axis=0)
        close = fidelity(vectors[precision][PHOTOS // 2 :], vectors[FLOAT32][PHOTOS // 2 :])
        print(
            f"{model.precision:<9}{BATCH / seconds:7.1f} photos/s, {base / seconds:5.2f} ×; "
            f"{1000 * work / BATCH:6.1f} ms of a processor each, {base_work / work:5.2f} ×; "
            f"cosine {close.mean:.4f}, {close.low:.4f}; nearest {100 * close.overlap:.1f} %"
        )


def _encode(model: EmbeddingModel, pictures: np.ndarray) -> np.ndarray:
    """All of them twice, some at a time: a tower in 8 bits is calibrated on the first time."""
    starts = range(0, len(pictures), BATCH)
    return [np.concatenate([model.encode_prepared(pictures[at : at + BATCH]) for at in starts]) for _ in range(2)][1]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
