"""A burst takes one line of an answer, as the built-in model sees real photos."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.library import Library
from searchengine.photos.near_copies import burst
from searchengine.searching import searcher
from searchengine.settings import Settings

FRAMES = 8


@pytest.fixture(scope="module")
def library(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A few samples, and a burst of eight shots of a cat, a second apart."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("china.jpg", "coffee.png", "rocket.jpg", "flower.jpg", "astronaut.png", "moon.png"):
        shutil.copy(sample_photos / name, folder / name)
    with Image.open(sample_photos / "chelsea.png") as image:
        cat = np.asarray(image.convert("RGB"))
    for number, frame in enumerate(burst(cat, FRAMES, np.random.default_rng(1))):
        exif = Image.Exif()
        exif[0x0132] = f"2024:06:01 12:00:{number:02}"
        Image.fromarray(frame).save(folder / f"cat-{number}.jpg", exif=exif, quality=90)
    settings = Settings.choose(library=tmp_path_factory.mktemp("library"))
    with Library.open(settings, create=True) as opened:
        opened.index([folder])
        yield opened


def test_a_burst_of_eight_is_one_hit_with_seven_alike(library: Library) -> None:
    best, *others = library.search("a cat", everything=True).hits
    assert b"cat-" in best.path
    assert len(best.alike) == FRAMES - 1
    frames = library.database.photos.get(best.alike)
    assert all(b"cat-" in photo.files[0].path for photo in frames)
    assert not any(b"cat-" in hit.path for hit in others)


def test_expanded_it_is_eight(library: Library) -> None:
    hits = library.search("a cat", everything=True, expand=True).hits
    assert all(b"cat-" in hit.path for hit in hits[:FRAMES])
    assert not any(hit.alike for hit in hits)


def test_a_page_is_filled_with_other_scenes(library: Library) -> None:
    page = library.search("a cat", everything=True, limit=3)
    assert len(page) == 3
    rest = library.search("a cat", everything=True, limit=3, offset=3)
    assert not {hit.id for hit in page} & {hit.id for hit in rest}


def test_behind_so_many_photos_near_copies_stand_one_by_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searcher, "GROUPED", 4)
    with Library.open(library.settings) as fresh:
        hits = fresh.search("a cat", everything=True).hits
    assert len(hits[0].alike) == 3
    assert sum(1 + len(hit.alike) for hit in hits) == FRAMES + 6
    assert sum(b"cat-" in hit.path for hit in hits) == 1 + FRAMES - 4
