"""A library that is filled photo by photo, without files, decoders or an indexer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.records import ModelIdentity, PhotoFacts, Stamp
from searchengine.store.database import Database
from searchengine.store.files import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.records import Vectors

ROOT = b"/photos"
FACTS = PhotoFacts(width=640, height=480, format="jpeg")
STAMP = Stamp(size=1, mtime_ns=1)


class SmallLibrary:
    """Writes photos and vectors as the indexer would."""

    def __init__(self, folder: Path, model: ModelIdentity) -> None:
        self.folder = folder
        self.model = model
        self.database = Database.open(folder, create=True)
        with self.database.writing():
            self.model_id = self.database.models.register(model)
            self.database.models.use(self.model_id)
            self.database.roots.add(ROOT)
        self.root_id = self.database.roots.all()[0].id
        self._made = 0

    def add(
        self,
        vectors: Vectors,
        *,
        facts: Sequence[PhotoFacts] | None = None,
        paths: Sequence[bytes] | None = None,
        fingerprints: Sequence[bytes] | None = None,
        stamps: Sequence[Stamp] | None = None,
    ) -> list[int]:
        """Photos with these vectors, each with one file; returns their ids."""
        numbers = range(self._made, self._made + len(vectors))
        self._made += len(vectors)
        prints = fingerprints or [number.to_bytes(16) for number in numbers]
        facts = facts or [FACTS] * len(vectors)
        paths = paths or [b"%s/%05d.jpg" % (ROOT, number) for number in numbers]
        with self.database.writing():
            known = self.database.photos.add(list(zip(prints, facts, strict=True)))
            ids = [known[fingerprint] for fingerprint in prints]
            self.database.files.place(
                [
                    Place(path, self.root_id, id_, stamp)
                    for path, id_, stamp in zip(paths, ids, stamps or [STAMP] * len(ids), strict=True)
                ]
            )
            self.embed(ids, vectors)
        return ids

    def embed(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Give photos vectors, in place of those that they have."""
        with self.database.writing():
            self.database.embeddings.remove(self.model_id, ids)
            self.database.embeddings.add(self.model_id, ids, vectors, "float32")

    def unembed(self, ids: Sequence[int]) -> None:
        with self.database.writing():
            self.database.embeddings.remove(self.model_id, ids)

    def hide(self, ids: Sequence[int], *, hidden: bool = True) -> None:
        """Mark the files of these photos missing, or there again."""
        photos = self.database.photos.get(ids)
        known = dict(self.database.files.known(self.root_id))
        files = [known[file.path].id for photo in photos for file in photo.files]
        with self.database.writing():
            self.database.files.mark_missing(files, missing=hidden)


def identity(dim: int, name: str = "test") -> ModelIdentity:
    return ModelIdentity(name, "1", f"checksum of {name}", "none", dim)


def no_sentences() -> Vectors:
    """None to try searches with: photos alone are."""
    return np.empty((0, 0), np.float32)
