"""A library's labels as tags for elsewhere: counted, exported, and written into XMP files beside the photos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.conditions import InFolder
from searchengine.records import FileState
from searchengine.store.roots import inside

if TYPE_CHECKING:
    from searchengine.photos.sidecars import Sidecar
    from searchengine.records import Photo
    from searchengine.store.database import Database
    from searchengine.store.labels import LabelCount

AT_ONCE = 500
"""Photos in memory at a time."""


@dataclass(frozen=True, slots=True)
class WrittenTags:
    """What was, or would be, written beside one file of a photo."""

    photo: bytes  # the path of the file
    labels: tuple[str, ...]  # all that the photo has; those that stood there already stay as they are
    sidecar: Sidecar


class Tags:
    """The labels of one library's photos, as the active model sees them. May raise LibraryError in its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, source: str | None = None) -> list[LabelCount]:
        """How many photos have each label, the most frequent first; `source`: only this one's labels."""
        return self._database.labels.counts(source)

    def photos(self, folder: bytes | None = None) -> Iterator[Photo]:
        """The photos that have a label and a place that isn't missing; with `folder`, those in it or below."""
        ids = self._database.photos.matching(() if folder is None else (InFolder(folder),)).tolist()
        for start in range(0, len(ids), AT_ONCE):
            yield from (photo for photo in self._database.photos.get(ids[start : start + AT_ONCE]) if photo.labels)

    def write_sidecars(self, folder: bytes | None = None, *, dry_run: bool = False) -> Iterator[WrittenTags]:
        """Write the labels of every photo as keywords beside each of its files that is there, one at a time.

        What stands in an XMP file stays; what can't be added to without risk is left, and its `sidecar.problem` says
        why. Files whose keywords have them all are passed over. With `dry_run` nothing is written.
        """
        # Imported here: every search opens a library, and none writes beside photos.
        from searchengine.photos.sidecars import add_subjects

        # A file is known by its real path; the person may have come to it through a link.
        within = b"" if folder is None else (inside(folder), inside(os.path.realpath(folder)))
        for photo in self.photos(folder):
            labels = tuple(label.name for label in photo.labels)
            for file in photo.files:
                if file.state is not FileState.PRESENT or not file.path.startswith(within):
                    continue
                sidecar = add_subjects(file.path, labels, dry_run=dry_run)
                if sidecar is not None:
                    yield WrittenTags(file.path, labels, sidecar)
