"""A person's own classes in their library: shown by a few photos, learnt by a model, and given to every photo.

What was shown is kept, so that another model can learn it too. A class is told from the examples of the other
classes and from the library's other photos. Applying what is learnt takes NumPy alone; what learning takes beyond that
is imported when something is learnt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import PhotoUnreadableError, UsageError
from searchengine.records import Label
from searchengine.store.concepts import CONCEPT
from searchengine.store.probes import PROBE, Example, Probe
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vector, Vectors
    from searchengine.store.database import Database
    from searchengine.training.one_against_rest import Detector
    from searchengine.training.progress import Tell

logger = logging.getLogger(__name__)

BACKGROUND = 1000
"""Photos of the library that stand for all that isn't in a class."""

FITS = 0.5
"""The confidence from which a photo has a label."""


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class that a person has shown photos of."""

    name: str
    examples: int
    photos: int  # of the library that have the label
    accuracy: float | None  # cross-validated, examples and others counting alike; None while it isn't learnt
    recall: float | None  # cross-validated: the share of the examples that is recognised


class OwnClasses:
    """The own classes of one library. Every method may raise LibraryError in its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[OwnClass]:
        """Every class with what the active model makes of it, by name."""
        active = self._database.models.active()
        learnt = self._database.probes.of(active[0]) if active else {}
        examples = self._database.probes.examples()
        return [
            OwnClass(
                name,
                len(examples.get(label_id, ())),
                self._database.labels.count(label_id),
                learnt[label_id].accuracy if label_id in learnt else None,
                learnt[label_id].recall if label_id in learnt else None,
            )
            for label_id, name in self._database.labels.all(PROBE).items()
        ]

    def train(
        self, table: Path, model_id: int, model: Callable[[], EmbeddingModel], tell: Tell = untold
    ) -> tuple[str, ...]:
        """Learn the classes of a CSV with the columns image and label, and give them to the library's photos.

        Classes that are known get these examples in place of theirs. `model` gives the model with this id; it is asked
        for only when an example isn't in the library. Returns what is wrong with single lines. Raises UsageError when
        nothing can be learnt; then nothing is changed.
        """
        from searchengine.training.examples import read_examples

        shown, problems = read_examples(table, self._database)
        names = {name.casefold(): name for name in self._database.labels.all(PROBE).values()}
        shown = {names.get(name.casefold(), name): examples for name, examples in shown.items()}
        everything = {**self._known(), **shown}
        vectors, unreadable = self._vectors(everything, model_id, model, tell)
        detectors = {}
        for done, name in enumerate(shown, start=1):
            try:
                detectors[name] = self._fit(name, everything, vectors, model_id)
            except UsageError as error:
                raise UsageError(error.what, " ".join([error.next_step, *problems[:3], *unreadable[:3]])) from error
            tell("classes", done, len(shown), name)
        with self._database.writing():
            for name, detector in detectors.items():
                label_id = self._database.labels.add(name, PROBE)
                self._database.probes.show(label_id, shown[name])
                self._database.probes.learn(label_id, model_id, _probe(detector))
        self._apply(model_id)
        return (*problems, *unreadable)

    def remove(self, name: str) -> None:
        """Forget a class and its examples. Raises NotFoundError."""
        own = self._database.labels.all(PROBE)
        with self._database.writing():
            for label_id in self._database.labels.named(name):
                if label_id in own:
                    self._database.labels.remove(label_id)

    def bring_up_to_date(self, model_id: int, model: Callable[[], EmbeddingModel]) -> None:
        """Let a model learn the classes that it doesn't know yet, and give them to the photos that are new to it.

        So are concepts, whose probes are learnt from marks and lie beside those of the classes.

        What can't be learnt any more, since too few of its examples are within reach, is logged and left.
        """
        unlearnt = self._database.probes.unlearnt(model_id)
        if unlearnt:
            known = self._known()
            vectors, _ = self._vectors(known, model_id, model)
            for label_id, name in unlearnt.items():
                try:
                    detector = self._fit(name, known, vectors, model_id)
                except UsageError as error:
                    logger.warning("%s Show it again with `searchengine probe train`.", error.what)
                    continue
                with self._database.writing():
                    self._database.probes.learn(label_id, model_id, _probe(detector))
        self._apply(model_id)

    def fitting(self, photo: Vector, model_id: int) -> tuple[Label, ...]:
        """What was learnt, from examples or from marks on answers, and fits a photo, float32 (dim,), of any place."""
        names = {
            label_id: (name, source)
            for source in (PROBE, CONCEPT)
            for label_id, name in self._database.labels.all(source).items()
        }
        learnt = {
            label_id: float(confidences(photo[None], probe.weights, probe.bias)[0])
            for label_id, probe in self._database.probes.of(model_id).items()
        }
        return tuple(
            Label(name, learnt[label_id], source)
            for label_id, (name, source) in names.items()
            if learnt.get(label_id, 0) >= FITS
        )

    def _known(self) -> dict[str, list[Example]]:
        examples = self._database.probes.examples()
        return {name: examples.get(label_id, []) for label_id, name in self._database.labels.all(PROBE).items()}

    def _vectors(
        self,
        classes: Mapping[str, Collection[Example]],
        model_id: int,
        model: Callable[[], EmbeddingModel],
        tell: Tell = untold,
    ) -> tuple[dict[bytes, Vector], list[str]]:
        """The examples' vectors by fingerprint, and why some have none."""
        examples = {each.fingerprint: each for own in classes.values() for each in own}
        contents = self._database.photos.contents(list(examples), model_id)
        known = {content.photo_id: fingerprint for fingerprint, content in contents.items() if content.embedded}
        ids, stored = self._database.embeddings.of(model_id, list(known))
        found = {known[photo_id]: vector for photo_id, vector in zip(ids.tolist(), stored, strict=True)}
        unreadable = []
        for fingerprint in examples.keys() - found.keys():
            try:
                found[fingerprint] = _encode(examples[fingerprint].path, model())
                tell("examples", len(found), len(examples), "")
            except PhotoUnreadableError as error:
                unreadable.append(error.what)
        return found, sorted(unreadable)

    def _fit(
        self, name: str, classes: Mapping[str, Collection[Example]], vectors: Mapping[bytes, Vector], model_id: int
    ) -> Detector:
        from searchengine.training.one_against_rest import fit_detector

        own = {each.fingerprint for each in classes[name]}
        rest = {each.fingerprint for examples in classes.values() for each in examples} - own
        background = self._background(own | rest, model_id)
        try:
            dim = background.shape[1]
            others = np.concatenate([_gather(vectors, rest, dim), background])
            return fit_detector(_gather(vectors, own, dim), others)
        except UsageError as error:
            raise UsageError(f"The class '{name}' can't be learnt: {error.what}", error.next_step) from error

    def _background(self, shown: Collection[bytes], model_id: int) -> Vectors:
        """Some of the library's photos, evenly from old to new, without those that were shown: float32 (n, dim)."""
        contents = self._database.photos.contents(list(shown), model_id)
        left_out = [content.photo_id for content in contents.values()]
        ids = np.setdiff1d(self._database.embeddings.ids(model_id), [*left_out, *self._database.photos.hidden()])
        spaced = ids[np.linspace(0, len(ids) - 1, min(len(ids), BACKGROUND)).astype(np.int64)]
        return self._database.embeddings.of(model_id, spaced)[1]

    def _apply(self, model_id: int) -> None:
        """Give what is learnt to every photo that came since it was last done. Killed, the next call goes on.

        What a person said of a photo beforehand holds, whatever was learnt.
        """
        marked = self._database.concepts.said()
        for label_id, probe in self._database.probes.of(model_id).items():
            said = marked.get(label_id, {})
            for last_seq, ids, vectors in self._database.embeddings.since(model_id, probe.last_seq):
                sure = confidences(vectors, probe.weights, probe.bias)
                sure = np.array([said.get(photo_id, own) for photo_id, own in zip(ids.tolist(), sure, strict=True)])
                fitting = {int(ids[row]): float(sure[row]) for row in np.flatnonzero(sure >= FITS)}
                with self._database.writing():
                    if not self._database.probes.applied(label_id, model_id, probe, last_seq):
                        break  # another program was quicker, or taught it anew
                    self._database.labels.give(label_id, model_id, ids.tolist(), fitting)
                probe = replace(probe, last_seq=last_seq)


def confidences(vectors: Vectors, weights: Vector, bias: float) -> NDArray[np.float64]:
    """How sure a probe is of each of float32 (n, dim): float64 (n,), 0 to 1."""
    scores = np.clip(vectors @ weights + bias, -500, 500)
    sure: NDArray[np.float64] = 1 / (1 + np.exp(-scores.astype(np.float64)))
    return sure


def _probe(detector: Detector) -> Probe:
    return Probe(detector.weights, detector.bias, detector.accuracy, detector.recall)


def _gather(vectors: Mapping[bytes, Vector], chosen: Collection[bytes], dim: int) -> Vectors:
    """The vectors of those that have one: float32 (n, dim)."""
    rows = [vectors[fingerprint] for fingerprint in sorted(chosen) if fingerprint in vectors]
    return np.array(rows, np.float32).reshape(len(rows), dim)


def _encode(path: bytes, model: EmbeddingModel) -> Vector:
    """The vector of a photo that the model hasn't seen, float32 (dim,). Raises PhotoUnreadableError."""
    from searchengine.photos.decode import decode
    from searchengine.photos.files import read, stamp_of

    decoded = decode(read(path, stamp_of(path)), path=path, at_least=model.preprocessing.at_least)
    vector: Vector = model.encode_images([decoded.pixels])[0]
    return vector
