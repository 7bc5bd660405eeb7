"""A run that is killed, at any instant, and the one after it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.records import FileState
from searchengine.store.database import Database
from searchengine.store.doctor import check
from tests.indexing.conftest import World

CHECKOUT = Path(__file__).resolve().parents[2]
KILLS = 30

PROGRAM = """
import os, sys
from pathlib import Path
from searchengine.indexing.pipeline import Indexer
from searchengine.photos.thumbnails import Thumbnails
from searchengine.store.database import Database
from tests.fakes import ColourModel

library = Path(sys.argv[1])
photos = os.fsencode(sys.argv[2])
print("ready", flush=True)
with Database.open(library, create=True) as database:
    print(Indexer(database, ColourModel(), Thumbnails(library / "thumbnails"), threads=2).run([photos]))
"""


@pytest.fixture(scope="module")
def real_photos(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 200 photos: the samples, a copy of each, and pieces cut from them."""
    folder = tmp_path_factory.mktemp("real")
    for sample in sorted(path for path in sample_photos.iterdir() if path.suffix in (".jpg", ".png")):
        (folder / sample.stem).mkdir()
        for name in (sample.name, f"copy-{sample.name}"):
            (folder / sample.stem / name).write_bytes(sample.read_bytes())
        with Image.open(sample) as image:
            picture = image.convert("RGB")
        for piece in range(9):
            left, top = picture.width * (piece % 3) // 4, picture.height * (piece // 3) // 4
            cut = picture.crop((left, top, left + picture.width // 2, top + picture.height // 2))
            cut.save(folder / sample.stem / f"piece-{piece}.jpg")
    return folder


def start(library: Path, photos: Path) -> subprocess.Popen[str]:
    """Begin a run in another process, and return when it has begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, library, photos],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def content(world: World) -> dict[bytes, tuple[list[bytes], np.ndarray]]:
    """By fingerprint, the places of each photo and its vector."""
    photos = world.shown()
    ids, vectors = world.database.embeddings.of(1, [photo.id for photo in photos])
    assert len(ids) == len(photos) == world.database.photos.count()
    assert not world.database.looks.lacking()
    by_id = dict(zip(ids.tolist(), vectors, strict=True))
    return {
        photo.fingerprint: (
            sorted(file.path for file in photo.files if file.state is FileState.PRESENT),
            by_id[photo.id],
        )
        for photo in photos
    }


@pytest.fixture
def worlds() -> Iterator[list[World]]:
    """Libraries made in a test, closed after it."""
    made: list[World] = []
    yield made
    for world in made:
        world.database.close()


def open_world(base: Path, photos: Path) -> World:
    """A library over these photos, in a folder of its own."""
    base.mkdir(exist_ok=True)
    world = World(base)
    world.photos = photos
    return world


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_run_after_a_kill_completes_the_library(tmp_path: Path, real_photos: Path, worlds: list[World]) -> None:
    whole = open_world(tmp_path / "whole", real_photos)
    worlds.append(whole)
    whole.index()
    expected = content(whole)
    assert len(expected) > 100

    began = time.monotonic()
    process = start(tmp_path / "measured" / "library", real_photos)
    assert process.communicate()[1] == ""
    duration = time.monotonic() - began
    random.seed(0)
    half_done = 0
    for number in range(KILLS):
        base = tmp_path / f"killed-{number}"
        process = start(base / "library", real_photos)
        time.sleep(random.uniform(0, duration))
        process.send_signal(signal.SIGKILL)
        process.communicate()

        world = open_world(base, real_photos)
        worlds.append(world)
        assert check(world.database) == []
        kept = len(content(world)) if world.database.models.active() else 0
        half_done += 0 < kept < len(expected)
        report = world.index()
        assert report.embedded == len(expected) - kept  # nothing is done twice
        assert not report.failures
        found = content(world)
        assert found.keys() == expected.keys()
        for fingerprint, (places, vector) in expected.items():
            assert found[fingerprint][0] == places
            np.testing.assert_array_equal(found[fingerprint][1], vector)
        assert check(world.database) == []
    assert half_done >= 5, f"only {half_done} of {KILLS} kills met a run in its middle"


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path: Path, real_photos: Path, worlds: list[World]) -> None:
    base = tmp_path / "interrupted"
    process = start(base / "library", real_photos)
    while not any(base.glob("library/thumbnails/*/*.jpg")) and process.poll() is None:
        time.sleep(0.01)  # until it is in its middle
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert errors == ""
    assert "IndexReport" in out
    world = open_world(base, real_photos)
    worlds.append(world)
    assert check(world.database) == []
    kept = len(content(world))
    assert f"embedded={kept}," in out
    assert ("interrupted=True" in out) is (world.index().embedded > 0)


def test_a_killed_indexers_lock_is_free(tmp_path: Path, sample_photos: Path) -> None:
    base = tmp_path / "killed"
    process = start(base / "library", sample_photos)
    while not (base / "library" / "index.holder").exists() and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with Database.open(base / "library", create=True):
        pass
    world = open_world(base, sample_photos)
    assert not world.index().interrupted
    world.database.close()
