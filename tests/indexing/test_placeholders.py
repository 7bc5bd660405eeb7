"""Placeholders, written while indexing, and filled in for libraries that are older than they are."""

from __future__ import annotations

import os

from sqlalchemy import update

from searchengine.store.schema import PhotoRow
from tests.indexing.conftest import World, picture


def placeholders(world: World) -> dict[int, bytes | None]:
    return {photo.id: photo.placeholder for photo in world.shown()}


def test_every_photo_gets_one_and_a_changed_photo_another(world: World) -> None:
    for seed in range(3):
        world.paint(f"{seed}.png", seed)
    world.index()
    before = set(placeholders(world).values())
    assert len(before) == 3
    assert None not in before
    assert not world.database.placeholders.lacking()
    world.write("1.png", picture(7))
    world.index()
    assert len(before & set(placeholders(world).values())) == 2


def test_an_older_library_gets_them_from_the_thumbnails_without_reading_a_photo(world: World) -> None:
    for seed in range(3):
        world.paint(f"{seed}.png", seed)
    world.index()
    fresh = placeholders(world)
    with world.database.writing() as connection:
        connection.execute(update(PhotoRow).values(placeholder=None))
    for path in world.photos.iterdir():  # whoever reads one of them would notice
        stat = path.stat()
        path.write_bytes(b"x" * stat.st_size)
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    torn = world.shown()[0]
    world.thumbnails.path(torn.fingerprint).write_bytes(b"\xff\xd8 nothing \xff\xd9")
    world.index()
    filled = placeholders(world)
    assert filled.pop(torn.id) is None
    assert [photo_id for photo_id, _ in world.database.placeholders.lacking()] == [torn.id]
    assert filled.items() <= fresh.items()
