"""A model that finds out, while it embeds, in which precision it is fastest on this machine, and goes on in that.

It begins in float32 and keeps some of the photos that it is given, with their vectors. When it has enough of them it
makes an image tower in 8 bits, calibrated on a part, and compares it with float32 on the others: whoever is close
enough, and faster, takes over. Where int8 isn't good enough, bfloat16 is tried, if the processor has it: with half of
int8's rate it is the second choice wherever there are both. What was found is kept for the next time.

Sentences are always encoded in float32; precision is no part of a model's identity.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.atomic_folders import alone, building, put
from searchengine.embedding.base import BATCH, EmbeddingModel
from searchengine.embedding.fidelity import fidelity
from searchengine.embedding.model_folder import IMAGE_GRAPH
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.precision import AUTO, BFLOAT16, INT8, Trial, Verdict, machine, place_for
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vectors

logger = logging.getLogger(__name__)

SAMPLE = 256
"""Photos that are kept to judge by."""
CALIBRATION = 64
"""Of these, the ones that ranges are measured on; the others are to judge by."""
EVERY = 4
"""Unasked, only every fourth photo is kept: they come from more places, and what is made pays only for many."""
ROUNDS = 3
"""Batches that each is timed on."""


class AdaptiveModel(EmbeddingModel):
    """A model folder that is run on the processor, for many photos."""

    def __init__(
        self, plain: OnnxModel, models: Path, wanted: str = AUTO, half: Callable[[], EmbeddingModel] | None = None
    ) -> None:
        """`models`: the folder for what is made; `wanted`: AUTO, or INT8 whatever is found; `half`: opens the model in
        bfloat16, where it can be."""
        self.identity = plain.identity
        self.preprocessing = plain.preprocessing
        self.languages = plain.languages
        self.texts_at_once = plain.texts_at_once
        self.precision = plain.precision
        self._plain = plain
        self._current: EmbeddingModel = plain
        self._models = models
        self._place = place_for(models, plain.identity.checksum)
        self._machine = machine()
        self._wanted = wanted
        self._half = half
        self._lock = Lock()
        self._sample: _Sample | None = _Sample(EVERY if wanted == AUTO else 1)
        verdict = Verdict.read(self._place, self._machine)
        if verdict is not None:
            self._follow(verdict)
        elif wanted == INT8:
            logger.warning("The first %d photos are embedded in float32; int8 is calibrated on them.", SAMPLE)

    def encode_prepared(self, batch: NDArray[np.uint8]) -> Vectors:
        """As every model; the whole batch in what is then `precision`."""
        with self._lock:
            if self._sample is not None and self._sample.full:
                self._follow(self._find_out(self._sample))
            current, sample = self._current, self._sample
        vectors = current.encode_prepared(batch)
        if sample is not None:
            with self._lock:
                sample.add(batch, vectors)
        return vectors

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._current._encode_prepared(batch)

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._plain._encode_texts(texts)

    def _follow(self, verdict: Verdict) -> None:
        """Go on as was found, or as was asked for."""
        self._sample = None
        made = any(trial.precision == INT8 for trial in verdict.trials)
        chosen = verdict.chosen if self._wanted == AUTO else self._wanted
        if chosen == INT8 and made:
            self._current = OnnxModel(self._plain.folder, int8=self._place / IMAGE_GRAPH)
        elif chosen == BFLOAT16 and self._half is not None:
            self._current = self._half()
        if self._wanted not in (AUTO, verdict.chosen):
            logger.warning("%s was asked for. %s", self._wanted, verdict.why)
        self.precision = self._current.precision

    def _find_out(self, sample: _Sample) -> Verdict:
        """Make the tower in 8 bits and judge it, unless another program did so meanwhile."""
        logger.info("Finding out in which precision %s is fastest here; this is done once.", self.identity.name)
        try:
            with alone(self._models, "build"), building(self._models) as folder:
                verdict = Verdict.read(self._place, self._machine)
                if verdict is None:
                    verdict = self._judge(sample, folder)
                    verdict.write(folder)
                    put(folder, self._place)
        except ModelError as error:  # no reason to embed no photos
            logger.warning("%s It is run in float32.", error)
            return Verdict(self.identity.name, self._machine, ())
        logger.info("%s", verdict.why)
        return verdict

    def _judge(self, sample: _Sample, folder: Path) -> Verdict:
        """Try what there is. The graph in 8 bits is left in `folder`, also when it is no good: it may be asked for."""
        from searchengine.embedding.quantization import quantise

        parts = np.array_split(sample.pictures[:CALIBRATION], CALIBRATION // 8)
        trials: list[Trial] = []
        if quantise(self._plain.folder.path / IMAGE_GRAPH, folder / IMAGE_GRAPH, parts):
            trials.append(self._try(OnnxModel(self._plain.folder, int8=folder / IMAGE_GRAPH), sample))
        if not any(trial.good for trial in trials) and self._half is not None:
            trials.append(self._try(self._half(), sample))
        return Verdict(self.identity.name, self._machine, tuple(trials))

    def _try(self, other: EmbeddingModel, sample: _Sample) -> Trial:
        """How fast and how close another precision is, on the photos that nothing was calibrated on."""
        pictures = sample.pictures[CALIBRATION:]
        close = fidelity(other.encode_prepared(pictures), sample.vectors[CALIBRATION:])
        rates: dict[EmbeddingModel, list[float]] = {other: [], self._plain: []}
        for _ in range(ROUNDS):  # in turn, as other programs may be at work
            for model, seen in rates.items():
                start = time.perf_counter()
                model.encode_prepared(pictures[:BATCH])
                seen.append(BATCH / (time.perf_counter() - start))
        fast, plain = (float(np.median(seen)) for seen in rates.values())
        return Trial(other.precision, fast, plain, len(pictures), close)


class _Sample:
    """Photos to judge by, with their vectors in float32."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._seen = 0
        self._pictures: list[NDArray[np.uint8]] = []
        self._vectors: list[Vectors] = []

    def add(self, pictures: NDArray[np.uint8], vectors: Vectors) -> None:
        """Keep each `every`-th of those that come along."""
        chosen = slice(-self._seen % self._every, None, self._every)
        self._seen += len(pictures)
        self._pictures.append(pictures[chosen].copy())  # not the whole batch
        self._vectors.append(vectors[chosen].copy())

    @property
    def full(self) -> bool:
        """Whether these are enough."""
        return sum(map(len, self._vectors)) >= SAMPLE

    @property
    def pictures(self) -> NDArray[np.uint8]:
        """Prepared pictures, uint8 (SAMPLE, height, width, 3)."""
        return np.concatenate(self._pictures)[:SAMPLE]

    @property
    def vectors(self) -> Vectors:
        """float32 (SAMPLE, dim)."""
        return np.concatenate(self._vectors)[:SAMPLE]
