"""A folder of photos and a library of it, both real, with a model that counts what it is given."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.indexing.pipeline import Indexer
from searchengine.photos.thumbnails import Thumbnails
from searchengine.records import FileState, IndexReport, Photo, Progress
from searchengine.store.database import Database
from tests.fakes import ColourModel


def picture(seed: int, *, side: int = 32, kind: str = "PNG") -> bytes:
    """A photo's file, another one for each seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blocks.repeat(side // 4, 0).repeat(side // 4, 1)).save(stream, kind)
    return stream.getvalue()


class World:
    """Photos on a disk, a library, and one indexer over them."""

    def __init__(self, base: Path) -> None:
        self.photos = base / "photos"
        self.photos.mkdir()
        self.library = base / "library"
        self.database = Database.open(self.library, create=True)
        self.model = ColourModel()
        self.thumbnails = Thumbnails(self.library / "thumbnails")
        self._clock = 1_700_000_000_000_000_000

    def write(self, name: str | bytes, content: bytes) -> bytes:
        """Write a file, at a time of its own; returns its path."""
        path = bytes(self.photos) + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  # names that aren't UTF-8
        Path(os.fsdecode(path)).write_bytes(content)
        self._clock += 1_000_000_000
        os.utime(path, ns=(self._clock, self._clock))
        return path

    def paint(self, name: str | bytes, seed: int) -> bytes:
        """Write a photo; returns its path."""
        return self.write(name, picture(seed))

    def index(
        self,
        *folders: Path,
        exclude: Sequence[str] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> IndexReport:
        """Run the indexer over the photos, or these folders."""
        indexer = Indexer(self.database, self.model, self.thumbnails, threads=2)
        return indexer.run([bytes(folder) for folder in folders or (self.photos,)], exclude, progress)

    def shown(self) -> list[Photo]:
        """Every photo that isn't hidden."""
        model_id = 1
        hidden = set(self.database.photos.hidden().tolist())
        ids = [each for each in self.database.embeddings.ids(model_id).tolist() if each not in hidden]
        return self.database.photos.get(ids)

    def places(self, state: FileState = FileState.PRESENT) -> dict[bytes, bytes]:
        """The fingerprints by path, of the files in this state."""
        photos = self.database.photos.get(range(1, 10_000))
        return {file.path: photo.fingerprint for photo in photos for file in photo.files if file.state is state}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty folder of photos and an empty library."""
    made = World(tmp_path)
    yield made
    made.database.close()
