"""The captions nearest to a photo: those in the library's photos, those that a captioner wrote, and a person's list.

Each is asked about the photo as a query in words would be, so that one measure of relevance holds for both directions,
and a photo that nothing fits gets no caption rather than a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.relevance import band, relevance_of_text
from searchengine.records import Band
from searchengine.store.captions import Tell, untold

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vector
    from searchengine.store.database import Database

PHOTO = "photo"
"""The source of captions that stand in the photos' own files (IPTC or XMP)."""

CANDIDATES = 200
"""Captions, the nearest by cosine, whose relevance is worked out; it can change their order."""


@dataclass(frozen=True, slots=True)
class NearCaption:
    """A caption that fits a photo."""

    text: str
    relevance: float  # 0 to 1
    source: str  # `PHOTO`, "list" for a person's own sentences, or the name of the captioner that wrote it
    photo_ids: tuple[int, ...]  # the library's photos that it was written for, ascending; none for one of the list


class CaptionIndex:
    """Every caption that the library knows, as one model sees it: an exact index, one matrix product a photo."""

    def __init__(
        self, database: Database, model_id: int, model: Callable[[], EmbeddingModel], tell: Tell = untold
    ) -> None:
        """`model` gives the loaded model with this id; it is called only for captions that it hasn't seen yet, of which
        `tell` hears how many are done. Interrupted, what is done is kept."""
        self._sources: dict[str, str] = {}
        self._photos: dict[str, set[int]] = {}
        for photo_id, text in database.photos.captions().items():
            self._add(text, PHOTO, photo_id)
        for caption in database.captions.all():
            self._add(caption.text, caption.source, caption.photo_id)
        self._texts = list(self._sources)
        encode = lambda texts: model().encode_texts(texts)  # noqa: E731
        self._vectors = database.sentences.vectors(model_id, self._texts, encode, tell)  # (captions, dim)

    def __len__(self) -> int:
        return len(self._texts)

    def nearest(self, photo: Vector, yardstick: Yardstick, limit: int = 5) -> tuple[NearCaption, ...]:
        """The captions that fit a photo, float32 (dim,) of unit length, the surest first; none when none fits."""
        scores = self._vectors @ photo  # (captions,)
        candidates = np.argsort(-scores, kind="stable")[:CANDIDATES].tolist()
        relevance = {row: float(relevance_of_text(yardstick, self._vectors[row], photo[None])[0]) for row in candidates}
        best = sorted(candidates, key=lambda row: -relevance[row])[:limit]
        return tuple(
            NearCaption(
                text := self._texts[row], relevance[row], self._sources[text], tuple(sorted(self._photos[text]))
            )
            for row in best
            if band(relevance[row]) is not Band.NONE
        )

    def _add(self, text: str, source: str, photo_id: int | None) -> None:
        """One more who says so; the first one gives the source."""
        self._sources.setdefault(text, source)
        self._photos.setdefault(text, set()).update(() if photo_id is None else (photo_id,))
