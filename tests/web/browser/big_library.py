"""Libraries of any size without photos to index: real rows, random vectors, thumbnails that a few photos share."""

from __future__ import annotations

import io
import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from searchengine.embedding.model_store import ModelStore
from searchengine.library import Library
from searchengine.photos.placeholder import placeholder
from searchengine.records import PhotoFacts
from searchengine.settings import Settings
from tests.searching.libraries import SmallLibrary
from tests.web.browser.drawing import SHAPES, draw_picture

BATCH = 5000


def fill_library(folder: Path, photos: int) -> Library:
    """A library of so many photos with the built-in model's vectors' shape, one an hour; for the caller to close."""
    settings = Settings(library=folder / "library", models=folder / "models")
    identity = ModelStore(settings.models).open("builtin").identity
    small = SmallLibrary(settings.library, identity)
    random = np.random.default_rng(0)
    facts = [_facts(number) for number in range(photos)]
    ids: list[int] = []
    for start in range(0, photos, BATCH):
        part = facts[start : start + BATCH]
        vectors = random.normal(size=(len(part), identity.dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        ids += small.add(vectors.astype(np.float32), facts=part)
    pictures = [_jpeg(number) for number in range(len(SHAPES))]
    colours = list(map(placeholder, pictures))
    with small.database.writing():
        small.database.placeholders.write({id_: colours[number % len(SHAPES)] for number, id_ in enumerate(ids)})
    small.database.close()
    library = Library.open(settings)
    paths = [library.thumbnails.path(number.to_bytes(16)) for number in range(photos)]
    for number, path in enumerate(paths):
        if number < len(SHAPES):
            library.thumbnails.put(number.to_bytes(16), pictures[number])
        else:
            os.link(paths[number % len(SHAPES)], path)
    return library


def _facts(number: int) -> PhotoFacts:
    width, height = (side * 10 for side in SHAPES[number % len(SHAPES)])
    taken = datetime(2010, 1, 1) + timedelta(hours=number)  # noqa: DTZ001  # cameras' times have no zone
    return PhotoFacts(width, height, "jpeg", taken, "exif", ("Canon EOS 80D", "iPhone 12")[number % 2])


def _jpeg(number: int) -> bytes:
    stream = io.BytesIO()
    draw_picture(number).save(stream, "JPEG")
    return stream.getvalue()
