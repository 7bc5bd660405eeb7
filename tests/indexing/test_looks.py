"""What photos look like, written while indexing, and filled in for libraries that are older than that."""

from __future__ import annotations

import io
import os
import threading

import numpy as np
from PIL import Image
from sqlalchemy import update

from searchengine.indexing.pipeline import Indexer
from searchengine.records import Progress
from searchengine.store.schema import PhotoRow
from tests.indexing.conftest import World, picture


def looks(world: World) -> dict[int, int]:
    """What every photo looks like, by id."""
    ids = sorted(photo.id for photo in world.shown())
    return dict(zip(ids, world.database.looks.of(ids)[0].tolist(), strict=True))


def forget(world: World) -> None:
    """Make it a library of before looks were kept."""
    with world.database.writing() as connection:
        connection.execute(update(PhotoRow).values(look=None))


def test_every_photo_gets_its_look_and_different_ones_differ(world: World) -> None:
    for seed in range(5):
        world.paint(f"{seed}.png", seed)
    world.index()
    assert len(set(looks(world).values())) == 5
    assert not world.database.looks.lacking()


def test_a_copy_and_a_rename_cost_nothing_and_keep_it(world: World) -> None:
    world.paint("one.png", 1)
    world.index()
    before = looks(world)
    world.paint("copy.png", 1)
    (world.photos / "one.png").rename(world.photos / "other.png")
    world.index()
    assert looks(world) == before
    assert world.model.encoded_images == 1


def test_an_older_library_gets_its_looks_from_the_thumbnails_without_reading_a_photo(world: World) -> None:
    for seed in range(5):
        world.paint(f"{seed}.png", seed)
    world.index()
    fresh = looks(world)
    forget(world)
    for path in world.photos.iterdir():  # whoever reads one of them would notice
        stat = path.stat()
        path.write_bytes(b"x" * stat.st_size)
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    report = world.index()
    assert report.unchanged == 5
    filled = looks(world)
    assert filled.keys() == fresh.keys()
    assert all((filled[one] ^ fresh[one]).bit_count() <= 6 for one in fresh)  # a thumbnail is a JPEG


def test_a_photo_whose_thumbnail_is_gone_or_torn_waits_and_harms_nobody(world: World) -> None:
    for seed in range(3):
        world.paint(f"{seed}.png", seed)
    world.index()
    forget(world)
    gone, torn, whole = world.shown()
    world.thumbnails.path(gone.fingerprint).unlink()
    world.thumbnails.path(torn.fingerprint).write_bytes(b"\xff\xd8 nothing \xff\xd9")
    world.index()
    assert [photo_id for photo_id, _ in world.database.looks.lacking()] == sorted([gone.id, torn.id])
    assert looks(world)[whole.id]


def test_filling_in_is_shown_and_can_be_stopped(world: World) -> None:
    for seed in range(3):
        world.paint(f"{seed}.png", seed)
    world.index()
    forget(world)
    stop = threading.Event()
    stop.set()
    Indexer(world.database, world.model, world.thumbnails, threads=2, stop=stop).run([bytes(world.photos)])
    assert len(world.database.looks.lacking()) == 3
    told: list[Progress] = []
    world.index(progress=told.append)
    assert told[-1].done == told[-1].seen
    assert not world.database.looks.lacking()


def test_a_changed_photo_gets_another_look(world: World) -> None:
    world.paint("one.png", 1)
    world.index()
    before = set(looks(world).values())
    world.write("one.png", picture(2))
    world.index()
    assert set(looks(world).values()).isdisjoint(before)


def test_a_picture_without_detail_is_not_asked_about_again(world: World) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(stream, "PNG")
    world.write("black.png", stream.getvalue())
    world.index()
    assert set(looks(world).values()) == {0}
    assert not world.database.looks.lacking()
