"""From a plan to questions: what each alternative asks for, as vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.scripts import reading_note
from searchengine.ranking.fusion import fuse
from searchengine.searching.expression import Text
from searchengine.searching.likeness import LikenessReader
from searchengine.searching.plan import LikePhoto
from searchengine.store.captions import as_kept

if TYPE_CHECKING:
    from searchengine.conditions import Condition
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vector
    from searchengine.searching.marks import Marks
    from searchengine.searching.plan import Asked, Plan
    from searchengine.store.database import Database

MOST_KEPT = 100
"""Texts that are kept of one opening of a library: those that its first queries ask for."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One thing, with how the model sees it."""

    asked: Asked
    vector: Vector  # float32 (dim,), unit length


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One alternative of a plan, ready to be searched."""

    parts: tuple[Part, ...]
    excluded: tuple[Part, ...]
    conditions: tuple[Condition, ...]
    vector: Vector | None  # of all parts together, float32 (dim,); None when conditions alone are asked
    own: frozenset[int] = frozenset()  # photos that are asked with, and no answer
    marks: Marks | None = None  # what a person said of photos in the answer


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """All alternatives of a plan."""

    each: tuple[Question, ...]
    notes: tuple[str, ...]  # what a person should know about how the model sees them

    @property
    def by_content(self) -> bool:
        """Whether a picture's content is asked for."""
        return any(question.vector is not None for question in self.each)


class Asker:
    """Finds the vectors of what plans ask for."""

    def __init__(self, database: Database, model_id: int, model: Callable[[], EmbeddingModel]) -> None:
        """`model` gives the loaded model; it is called only when words or an unknown photo are asked for."""
        self._database = database
        self._model_id = model_id
        self._model = model
        self._unkept: dict[str, Vector] = {}  # as the model gave them since the library was opened
        self._likeness = LikenessReader(database, model_id, model)

    def questions(self, plan: Plan, yardstick: Callable[[], Yardstick]) -> Questions:
        """A question for each alternative; all texts go through the model together.

        Raises NotFoundError for an unknown id, and PhotoUnreadableError.
        """
        asked = [part for alternative in plan.alternatives for part in (*alternative.asked, *alternative.excluded)]
        texts = dict.fromkeys(part.words for part in asked if isinstance(part, Text))
        photos = {part.photo: self._likeness.read(part.photo) for part in asked if isinstance(part, LikePhoto)}
        vectors, notes = self._encode(list(texts))
        notes += [like.note for like in photos.values() if like.note is not None]

        def parts(wanted: Iterable[Asked]) -> tuple[Part, ...]:
            return tuple(
                Part(part, vectors[part.words] if isinstance(part, Text) else photos[part.photo].vector)
                for part in wanted
            )

        questions = []
        for alternative in plan.alternatives:
            positive = parts(alternative.asked)
            likes = [photos[part.photo].photo_id for part in alternative.asked if isinstance(part, LikePhoto)]
            question = Question(
                parts=positive,
                excluded=parts(alternative.excluded),
                conditions=alternative.conditions,
                vector=together(positive, yardstick) if positive else None,
                own=frozenset(photo_id for photo_id in likes if photo_id is not None),
            )
            questions.append(question)
        return Questions(tuple(questions), tuple(notes))

    def _encode(self, texts: list[str]) -> tuple[dict[str, Vector], list[str]]:
        if not texts:
            return {}, []
        model = self._model()
        note = reading_note(" ".join(texts), model.identity.name, model.languages)
        # As it is when it has been kept, so that the same words find the same the next time.
        known = {text: as_kept(self._unkept[text]) for text in texts if text in self._unkept}
        known |= self._database.sentences.known(self._model_id, [text for text in texts if text not in known])
        new = [text for text in texts if text not in known]
        if new:
            vectors = model.encode_texts(new)
            known |= dict(zip(new, as_kept(vectors), strict=True))
            if len(self._unkept) < MOST_KEPT:
                self._unkept |= dict(zip(new, vectors, strict=True))
        return known, [note] if note else []

    def keep(self) -> None:
        """Keep in the library how the model sees what was asked, so that asking it again needs no model."""
        self._database.sentences.keep(self._model_id, self._unkept)
        self._unkept = {}


def together(parts: tuple[Part, ...], yardstick: Callable[[], Yardstick]) -> Vector:
    """One vector, float32 (dim,), that asks for all of these by their weights."""
    if len(parts) == 1:
        return parts[0].vector
    weights = np.array([part.asked.weight for part in parts])
    return fuse(np.stack([part.vector for part in parts]), weights, yardstick())
