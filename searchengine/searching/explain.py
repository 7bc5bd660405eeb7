"""Where in a photo is what a query asks for: a map for each thing that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.preprocessing import sight
from searchengine.photos.files import read, stamp_of
from searchengine.ranking.relevance import band, relevance_of_photo, relevance_of_text
from searchengine.searching.occlusion import evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Pixels, Vector

SIDE = 1024
"""Pixels that the shorter side of the photo keeps where it has them, for showing it."""

LEAST = 0.05
"""Cosine that is shown in the brightest colour at least, so that a photo which holds nothing of it stays dark."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One thing that a query asks for."""

    name: str  # as it was written
    vector: Vector  # float32 (dim,), of unit length
    is_photo: bool = False  # it is the like of a photo, not words


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What in a photo speaks for one thing."""

    name: str
    score: float  # cosine similarity of the whole photo
    relevance: float  # how sure it is that the photo fits, 0 to 1
    map: NDArray[np.float32]  # (rows, columns) over what was seen, in cosines: above 0 where a region speaks for it


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A photo, and what in it speaks for each thing that was asked for."""

    pixels: Pixels  # uint8 (height, width, 3), perhaps at reduced size
    seen: tuple[float, float, float, float]  # what the model sees of it: left, top, right, bottom, as shares
    evidence: tuple[Evidence, ...]


def explain(
    path: bytes, things: Sequence[Thing], model: EmbeddingModel, yardstick: Yardstick, tell: Callable[[int, int], None]
) -> Explanation:
    """What in the photo at `path` speaks for each of these things.

    `tell` hears how many views of it the model has seen, and of how many. Raises PhotoUnreadableError and ModelError.
    """
    # Imported here: the codecs are no part of a query in words.
    from searchengine.photos.decode import decode

    at_least = max(SIDE, model.preprocessing.at_least)
    pixels = decode(read(path, stamp_of(path)), path=path, at_least=at_least).pixels
    height, width, _ = pixels.shape
    shown = sight(height, width, model.preprocessing)
    maps, photo = evidence(model, model.prepare(pixels), np.stack([thing.vector for thing in things]), tell)
    found = []
    for thing, map_ in zip(things, maps, strict=True):
        relevance_of = relevance_of_photo if thing.is_photo else relevance_of_text
        relevance = float(relevance_of(yardstick, thing.vector, photo[np.newaxis])[0])
        seen = map_[shown.rows, shown.columns]
        found.append(Evidence(thing.name, float(thing.vector @ photo), relevance, seen))
    return Explanation(pixels, shown.box, tuple(found))


def draw(explanation: Explanation, kind: str) -> bytes:
    """The photo with what speaks for each thing lit up, as a picture file of this kind ("PNG" or "JPEG")."""
    from searchengine.photos import heat_map

    panels = [
        heat_map.Panel(
            each.name,
            each.map,
            max(float(each.map.max()), LEAST),
            "cosine",
            f"{band(each.relevance)} (relevance {each.relevance:.2f}, cosine {each.score:.2f})",
        )
        for each in explanation.evidence
    ]
    return heat_map.draw(explanation.pixels, panels, explanation.seen, kind)
