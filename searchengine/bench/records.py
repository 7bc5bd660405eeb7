"""A library of any size that took no photos: records and vectors as the indexer writes them, and files that are there.

The vectors lie around those of neutral sentences, as photos lie around what they show, so that a text query finds some
of them and leaves most. The files are empty; a run that looks again sees that they are unchanged and opens none.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.records import PhotoFacts, Stamp
from searchengine.resources import background_sentences
from searchengine.store.files import Place

if TYPE_CHECKING:
    from searchengine.bench.figures import Tell
    from searchengine.library import Library
    from searchengine.records import Vectors

BATCH = 5000
"""Records that are written in one transaction."""

IN_A_FOLDER = 1000
"""Files, as after years of a camera's habit."""

NOISE = 1.2
"""How far a photo lies from its sentence, where that is 1 long: cosines as trained models give them."""

CAMERAS = ("Canon EOS R5", "NIKON Z 6", "iPhone 15", "Pixel 8")
FORMATS = ("jpeg", "jpeg", "jpeg", "heic", "png")


def fill(library: Library, folder: Path, count: int, tell: Tell) -> None:
    """Give a library so many photos more, whose files lie in `folder`, which isn't there yet."""
    database = library.database
    folder.mkdir(parents=True)
    root = os.path.realpath(os.fsencode(folder))
    active = database.models.active()
    if active is None:
        raise RuntimeError("a library that is open has a model")
    model_id = active[0]
    with database.writing():
        database.roots.add(root)
    root_id = next(each.id for each in database.roots.all() if each.path == root)
    sentences = library.model.encode_texts(background_sentences())
    random = np.random.default_rng(0)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        places = _files(root, numbers)
        facts = [_facts(random) for _ in numbers]
        vectors = _vectors(random, sentences, len(numbers))
        with database.writing():
            prints = [number.to_bytes(16) for number in numbers]
            known = database.photos.add(list(zip(prints, facts, strict=True)))
            ids = [known[each] for each in prints]
            database.looks.write({photo_id: random.bytes(8) for photo_id in ids})
            database.placeholders.write({photo_id: random.bytes(36) for photo_id in ids})
            database.files.place(
                [Place(path, root_id, id_, stamp) for (path, stamp), id_ in zip(places, ids, strict=True)]
            )
            database.embeddings.add(model_id, ids, vectors, library.model.precision)
        tell("writing records", numbers.stop, count, "")


def _files(root: bytes, numbers: range) -> list[tuple[bytes, Stamp]]:
    """Empty files, made, with their stamps."""
    made = []
    for number in numbers:
        folder = os.path.join(root, b"%04d" % (number // IN_A_FOLDER))  # noqa: PTH118  # paths are bytes
        if number % IN_A_FOLDER == 0:
            os.mkdir(folder)  # noqa: PTH102
        path = os.path.join(folder, b"%07d.jpg" % number)  # noqa: PTH118
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        status = os.fstat(descriptor)
        os.close(descriptor)
        made.append((path, Stamp(status.st_size, status.st_mtime_ns)))
    return made


def _facts(random: np.random.Generator) -> PhotoFacts:
    return PhotoFacts(
        width=int(random.integers(500, 6000)),
        height=3000,
        format=FORMATS[random.integers(len(FORMATS))],
        taken_at=datetime(2010, 1, 1) + timedelta(minutes=int(random.integers(0, 6_000_000))),  # noqa: DTZ001  # as cameras write it
        taken_from="exif",
        camera=CAMERAS[random.integers(len(CAMERAS))],
        latitude=float(random.uniform(40, 55)),
        longitude=float(random.uniform(-5, 15)),
    )


def _vectors(random: np.random.Generator, sentences: Vectors, count: int) -> Vectors:
    """float32 (count, dim), of unit length."""
    dim = sentences.shape[1]
    noise = random.standard_normal((count, dim), np.float32) / np.float32(np.sqrt(dim))
    vectors = sentences[random.integers(0, len(sentences), count)] + np.float32(NOISE) * noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
