"""How well bursts and near-copies are told from other photos, measured with ones that are made of photographs.

Every tenth photo gets six near-copies, which have lost their time, and a burst of four frames, a second apart. They
stand among all the photos, which were taken every five seconds: each within ten seconds of four others, so that time
alone tells nothing. Two photos of one scene that were there before count as wrong when they are put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH
from searchengine.embedding.onnx_runtime import processors
from searchengine.errors import PhotoUnreadableError, UsageError
from searchengine.photos.look import look
from searchengine.photos.near_copies import burst, near_copies
from searchengine.ranking.grouping import Traits, collapse
from searchengine.training.data import read_picture
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Ids, Pixels, Vectors
    from searchengine.training.progress import Tell

EVERY = 10
"""Of so many photos, one gets near-copies and a burst."""

FRAMES = 4
APART = 5.0
"""Seconds between photos."""

ORIGINAL, FRAME = "photo", "frame of a burst"


@dataclass(frozen=True, slots=True)
class GroupingQuality:
    """What a grouping was worth."""

    photos: int  # as they were found
    made: int  # near-copies and frames made of some of them
    precision: float  # of the pairs that were put together, the share that are one scene
    recall: float  # of the pairs that are one scene, the share that were put together
    found: dict[str, float]  # of each kind that was made, the share that is in one group with its photo
    problems: tuple[str, ...] = ()  # photos that can't be read


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A photo, or what was made of one, as far as grouping must know it."""

    scene: int
    kind: str
    seconds: float  # NaN where it lost its time
    look: bytes
    prepared: Pixels


def evaluate_grouping(model: EmbeddingModel, paths: Sequence[Path], tell: Tell = untold) -> GroupingQuality:
    """Group these photos with what is made of every tenth. Raises UsageError when none can be read."""
    pictures: list[_Picture] = []
    vectors: list[Vectors] = []
    problems: list[str] = []

    def read(scene: int) -> list[_Picture] | str:
        try:
            return list(_made_of(scene, read_picture(paths[scene], model.preprocessing.at_least), model))
        except PhotoUnreadableError as error:
            return error.what

    with ThreadPoolExecutor(processors()) as pool:
        for start in range(0, len(paths), BATCH):
            scenes = range(start, min(start + BATCH, len(paths)))
            outcomes = list(pool.map(read, scenes))
            problems += [outcome for outcome in outcomes if isinstance(outcome, str)]
            batch = [picture for outcome in outcomes if not isinstance(outcome, str) for picture in outcome]
            pictures += batch
            for first in range(0, len(batch), BATCH):
                part = [picture.prepared for picture in batch[first : first + BATCH]]
                vectors.append(model.encode_prepared(np.stack(part)))
            tell("photos", scenes.stop, len(paths), "")
    if not pictures:
        raise UsageError(f"None of {len(paths):,} photos can be read.", problems[0] if problems else "")
    return _measured(pictures, np.concatenate(vectors), tuple(problems))


def _made_of(scene: int, pixels: Pixels, model: EmbeddingModel) -> Iterator[_Picture]:
    """A photo, and for every tenth what is made of it; the scene's number alone decides how."""

    def picture(kind: str, seconds: float, made: Pixels) -> _Picture:
        return _Picture(scene, kind, seconds, look(made), model.prepare(made))

    taken = APART * scene
    yield picture(ORIGINAL, taken, pixels)
    if scene % EVERY == 0:
        chance = np.random.default_rng(scene)
        for kind, made in near_copies(pixels, chance):
            yield picture(kind, np.nan, made)
        for number, made in enumerate(burst(pixels, FRAMES, chance), 1):
            yield picture(FRAME, taken + number, made)


def _measured(pictures: Sequence[_Picture], vectors: Vectors, problems: tuple[str, ...]) -> GroupingQuality:
    # An answer's order is the query's: any photo of a scene may be the first.
    order = np.random.default_rng(0).permutation(len(pictures))
    pictures, vectors = [pictures[position] for position in order], vectors[order]
    looks = np.frombuffer(b"".join(picture.look for picture in pictures), ">u8").astype(np.uint64)
    traits = Traits(vectors, looks, np.array([picture.seconds for picture in pictures]))
    kinds = np.array([picture.kind for picture in pictures])
    originals = kinds == ORIGINAL
    mean = vectors[originals].mean(axis=0)
    group_of = np.empty(len(pictures), np.int64)
    for number, group in enumerate(collapse(traits, float(mean @ mean))):
        group_of[group] = number
    scene_of = np.array([picture.scene for picture in pictures])
    together, right = _pairs(group_of), _pairs(scene_of)
    hits = _pairs(group_of * (int(scene_of.max()) + 1) + scene_of)
    home = dict(zip(scene_of[originals].tolist(), group_of[originals].tolist(), strict=True))
    at_home = group_of == np.array([home[scene] for scene in scene_of.tolist()])
    return GroupingQuality(
        photos=int(originals.sum()),
        made=int((~originals).sum()),
        precision=hits / together if together else 1.0,
        recall=hits / right if right else 1.0,
        found={kind: float(at_home[kinds == kind].mean()) for kind in np.unique(kinds[~originals]).tolist()},
        problems=problems,
    )


def _pairs(numbers: Ids | NDArray[np.int64]) -> int:
    """How many pairs bear the same number."""
    counts = np.unique(numbers, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())
