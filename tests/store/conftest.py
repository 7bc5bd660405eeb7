"""A library's database, and an easy way to fill it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from searchengine.records import ModelIdentity, PhotoFacts, Stamp
from searchengine.store.database import Database
from searchengine.store.files import Place

ROOT = b"/photos"
MODEL = ModelIdentity("tiny", "1", "abc", "none", 4)
FACTS = PhotoFacts(640, 480, "jpeg")


def unit(n: int, *, seed: int = 0) -> np.ndarray:
    """Random unit vectors, float32 (n, 4)."""
    vectors = np.random.default_rng(seed).normal(size=(n, MODEL.dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(database: Database, paths: list[bytes], facts: list[PhotoFacts] | None = None) -> list[int]:
    """One photo at each path, with a vector; returns their ids."""
    with database.writing():
        database.roots.add(ROOT)
        root = next(root for root in database.roots.all() if root.path == ROOT)
        model_id = database.models.register(MODEL)
        database.models.use(model_id)
        contents = [path[-16:].rjust(16, b"\0") for path in paths]
        ids = database.photos.add(list(zip(contents, facts or [FACTS] * len(paths), strict=True)))
        found = [ids[content] for content in contents]
        database.files.place(
            [Place(path, root.id, photo_id, Stamp(1, 2)) for path, photo_id in zip(paths, found, strict=True)]
        )
        embedded = set(database.embeddings.ids(model_id).tolist())
        new = [photo_id for photo_id in found if photo_id not in embedded]
        database.embeddings.add(model_id, new, unit(len(new)), "float32")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the library is."""
    return tmp_path / "library"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """An empty library."""
    with Database.open(folder, create=True) as opened:
        yield opened
