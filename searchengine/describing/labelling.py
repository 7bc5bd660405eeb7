"""The vocabulary's labels given to a library's photos: to all when model or vocabulary change, else to the new ones.

One matrix product for a few thousand photos at a time, each written in one transaction: killed at any instant, the next
call goes on.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.describing.label_vectors import PROMPTS, label_vectors
from searchengine.describing.vocabulary import OWN_FILE, Vocabulary, read_vocabulary
from searchengine.embedding.prompts import prompt_templates
from searchengine.ranking.labels import FITTED, LabelScorer
from searchengine.records import Label
from searchengine.resources import background_sentences
from searchengine.store.labels import VOCABULARY, Given, Labelling

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import ModelIdentity, Vector
    from searchengine.store.database import Database

logger = logging.getLogger(__name__)

AT_ONCE = 4096
"""Photos in one product and one transaction."""


class Labeller:
    """Labels the photos of one library as one model sees them. Every method may raise LibraryError in its kinds."""

    def __init__(
        self,
        database: Database,
        model_id: int,
        identity: ModelIdentity,
        model: Callable[[], EmbeddingModel],
        yardstick: Callable[[], Yardstick],
        folder: Path,
    ) -> None:
        """`model` gives the loaded model, for labels that it hasn't read yet; `folder` is the library's."""
        self._database = database
        self._model_id = model_id
        self._identity = identity
        self._model = model
        self._yardstick = yardstick
        self._own = folder / OWN_FILE
        self._vectors = folder / f"labels-{model_id}.npz"
        self._scorer: tuple[str, LabelScorer] | None = None  # with the checksum of what it was made from

    def bring_up_to_date(self) -> None:
        """Give every photo its labels that doesn't have this vocabulary's by this model yet."""
        vocabulary = read_vocabulary(self._own)
        yardstick = self._yardstick()
        checksum = _checksum(vocabulary, aligned=yardstick.aligned)
        done = self._database.labels.labelling(self._model_id)
        begun = done is not None and done.checksum == checksum
        if done is not None and begun and done.last_seq >= self._database.embeddings.head(self._model_id).last_seq:
            return
        for problem in vocabulary.problems:
            logger.warning("%s", problem)
        scorer = self._scorer_of(vocabulary, yardstick, checksum)
        if done is None or not begun:
            done = Labelling(self._model_id, checksum)
            with self._database.writing():
                self._database.labels.start(done, {word.name: word.also for word in vocabulary.words})
        self._label(done, scorer, vocabulary, yardstick.aligned)

    def fitting(self, photo: Vector) -> tuple[Label, ...]:
        """The labels that fit a photo, float32 (dim,), in the library or not; the surest first."""
        vocabulary = read_vocabulary(self._own)
        yardstick = self._yardstick()
        if not yardstick.aligned:
            return ()
        scorer = self._scorer_of(vocabulary, yardstick, _checksum(vocabulary, aligned=True))
        _, columns, confidences = scorer.fitting(photo[None])
        found = zip(columns.tolist(), confidences.tolist(), strict=True)
        labels = [Label(vocabulary.words[column].name, sure, VOCABULARY) for column, sure in found]
        return tuple(sorted(labels, key=lambda label: (-label.confidence, label.name)))

    def _label(self, done: Labelling, scorer: LabelScorer, vocabulary: Vocabulary, aligned: bool) -> None:
        """Go through the photos that came since."""
        ids = {name: label_id for label_id, name in self._database.labels.all(VOCABULARY).items()}
        label_ids = np.array([ids.get(word.name, 0) for word in vocabulary.words], np.int64)
        nothing = Given(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        for last_seq, photos, vectors in self._database.embeddings.since(self._model_id, done.last_seq, batch=AT_ONCE):
            given = nothing
            if aligned:
                rows, columns, confidences = scorer.fitting(vectors)
                given = Given(photos[rows], label_ids[columns], confidences)
            with self._database.writing():
                if not self._database.labels.go_on(done, last_seq):
                    return  # another program was quicker, or began anew with another vocabulary
                self._database.labels.give_all(self._model_id, photos, given)
            done = replace(done, last_seq=last_seq)

    def _scorer_of(self, vocabulary: Vocabulary, yardstick: Yardstick, checksum: str) -> LabelScorer:
        if self._scorer is None or self._scorer[0] != checksum:
            vectors = label_vectors(vocabulary.words, self._identity, self._model, self._vectors)
            frequencies = [word.frequency for word in vocabulary.words]
            self._scorer = checksum, LabelScorer.of(vectors, frequencies, yardstick.background)
        return self._scorer[1]


def _checksum(vocabulary: Vocabulary, *, aligned: bool) -> str:
    """Of everything that labels follow from besides the model and the photo."""
    words = [astuple(word) for word in vocabulary.words]
    parts = (words, prompt_templates(PROMPTS), background_sentences(), astuple(FITTED), aligned)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
