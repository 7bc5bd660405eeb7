"""From a photo that was asked for to its vector: known ones from the database, others through the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, PhotoUnreadableError, printable
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState, PhotoData
from searchengine.settings import absolute

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Photo, Stamp, Vector
    from searchengine.store.database import Database


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A photo to find the like of."""

    vector: Vector
    photo_id: int | None  # where the library has it
    note: str | None = None  # what a person should know about it


class LikenessReader:
    """Finds the vector of any photo: in the library or not, on disk or handed over."""

    def __init__(self, database: Database, model_id: int, model: Callable[[], EmbeddingModel]) -> None:
        """`model` gives the loaded model; it is called only when a photo must go through it."""
        self._database = database
        self._model_id = model_id
        self._model = model

    def read(self, like: Path | int | PhotoData) -> Likeness:
        """The vector of a photo. Raises NotFoundError for an unknown id, PhotoUnreadableError for a bad file."""
        if isinstance(like, PhotoData):
            return self._by_content(like.data, os.fsencode(like.name))
        if isinstance(like, Path):
            return self._by_path(os.fsencode(absolute(like)))
        return self._by_id(like)

    def _by_id(self, photo_id: int) -> Likeness:
        photos = self._database.photos.get([photo_id])
        if not photos:
            raise NotFoundError(f"There is no photo {photo_id} in the library.")
        known = self._known(photos[0])
        if known is not None:
            return known
        for file in photos[0].files:
            if file.state is FileState.PRESENT:
                return self._by_content(read(file.path, stamp_of(file.path)), file.path)
        raise NotFoundError(
            f"Photo {photo_id} can't be compared: it hasn't been through the model yet, and its file isn't there.",
            "Run `searchengine index` when it is.",
        )

    def _by_path(self, path: bytes) -> Likeness:
        photo = self._database.photos.by_path(path)
        known = None if photo is None else self._known(photo)
        try:
            stamp = stamp_of(path)
            if photo is not None and known is not None and _unchanged(photo, path, stamp):
                return known
            found = self._by_content(read(path, stamp), path)
            # What lies there now may not be indexed yet; it is the photo that was asked with all the same.
            return found if photo is None or found.photo_id is not None else replace(found, photo_id=photo.id)
        except PhotoUnreadableError as error:
            if known is None:
                raise
            note = f"{printable(path)} is compared as it was when it was indexed: {error.reason}."
            return Likeness(known.vector, known.photo_id, note)

    def _by_content(self, data: bytes, path: bytes) -> Likeness:
        photo = self._database.photos.by_fingerprint(fingerprint(data))
        known = None if photo is None else self._known(photo)
        if known is not None:
            return known
        # Imported here: a query in words, or with a photo that is known, decodes nothing.
        from searchengine.photos.decode import decode

        model = self._model()
        decoded = decode(data, path=path, at_least=model.preprocessing.at_least)
        flaw = decoded.facts.flaw
        note = None if flaw is None else f"{printable(path)} is {flaw}; what there is of it was compared."
        return Likeness(model.encode_images([decoded.pixels])[0], None if photo is None else photo.id, note)

    def _known(self, photo: Photo) -> Likeness | None:
        ids, vectors = self._database.embeddings.of(self._model_id, [photo.id])
        return Likeness(vectors[0], photo.id) if len(ids) else None


def _unchanged(photo: Photo, path: bytes, stamp: Stamp) -> bool:
    """Whether the file is still the one that was indexed, by its size and time."""
    return any(
        (file.stamp.size, file.stamp.mtime_ns) == (stamp.size, stamp.mtime_ns)
        for file in photo.files
        if file.path == path
    )
