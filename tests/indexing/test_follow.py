"""What a person said of a photo follows its path when a program writes the file anew; real runs of the indexer."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import insert, select

from searchengine.records import Band
from searchengine.store.doctor import check
from searchengine.store.prune import prune
from searchengine.store.schema import CaptionRow, MarkRow, SearchRow
from tests.indexing.conftest import World, picture


@pytest.fixture
def album(world: World) -> int:
    """An album that is filled by hand alone."""
    with world.database.writing():
        world.database.albums.add("Best", None, Band.GOOD)
    return world.database.albums.named("best").id


def tagged(seed: int, tag: str) -> bytes:
    """The picture of a seed, as a program leaves it that writes a tag into the file."""
    facts = PngImagePlugin.PngInfo()
    facts.add_text("Comment", tag)
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture(seed))).save(stream, "PNG", pnginfo=facts)
    return stream.getvalue()


def photo_at(world: World, path: bytes) -> int:
    photo = world.database.photos.by_path(path)
    assert photo is not None
    return photo.id


def pin(world: World, album: int, *paths: bytes, pinned: bool = True) -> None:
    with world.database.writing():
        world.database.albums.put(album, [photo_at(world, path) for path in paths], pinned=pinned)


def pinned(world: World, album: int) -> set[int]:
    return set(world.database.albums.by_hand(album, pinned=True).tolist())


def taken_out(world: World, album: int) -> set[int]:
    return set(world.database.albums.by_hand(album, pinned=False).tolist())


def mark(world: World, path: bytes, *, good: bool) -> None:
    """Say in the answer to a query that the photo at this path fits, or doesn't."""
    with world.database.writing() as connection:
        search = connection.execute(insert(SearchRow).values(line="our dog", saved=False).returning(SearchRow.id))
        row = {"search_id": search.scalar_one(), "photo_id": photo_at(world, path), "turn": 1, "good": good}
        connection.execute(insert(MarkRow).values(row))


def marked(world: World) -> list[tuple[int, bool]]:
    with world.database.reading() as connection:
        return [(row.photo_id, row.good) for row in connection.execute(select(MarkRow.__table__))]


def test_a_tag_written_into_the_file_loses_no_pin_and_no_mark(world: World, album: int) -> None:
    first, second = world.paint("a.png", 1), world.paint("b.png", 2)
    world.index()
    pin(world, album, first)
    pin(world, album, second, pinned=False)
    mark(world, first, good=True)
    old = photo_at(world, first)
    world.write("a.png", tagged(1, "beach"))
    world.write("b.png", tagged(2, "beach"))
    assert world.index().changed == 2
    assert photo_at(world, first) != old
    assert pinned(world, album) == {photo_at(world, first)}
    assert taken_out(world, album) == {photo_at(world, second)}
    assert marked(world) == [(photo_at(world, first), True)]
    prune(world.database)
    assert pinned(world, album) == {photo_at(world, first)}
    assert check(world.database) == []


def test_an_edit_and_its_undoing_leave_what_was_said_last(world: World, album: int) -> None:
    path = world.paint("a.png", 1)
    world.index()
    pin(world, album, path)
    world.write("a.png", tagged(1, "beach"))
    world.index()
    pin(world, album, path, pinned=False)
    world.paint("a.png", 1)
    world.index()
    assert (pinned(world, album), taken_out(world, album)) == (set(), {photo_at(world, path)})


def test_a_copy_that_lies_elsewhere_keeps_its_own_when_one_place_is_edited(world: World, album: int) -> None:
    first, second = world.paint("a.png", 1), world.paint("copy.png", 1)
    world.index()
    pin(world, album, first)
    world.write("a.png", tagged(1, "beach"))
    world.index()
    assert pinned(world, album) == {photo_at(world, first), photo_at(world, second)}
    assert photo_at(world, first) != photo_at(world, second)


def test_both_places_of_a_photo_take_it_along(world: World, album: int) -> None:
    first, second = world.paint("a.png", 1), world.paint("copy.png", 1)
    world.index()
    pin(world, album, first)
    world.write("a.png", tagged(1, "beach"))
    world.write("copy.png", tagged(1, "sea"))
    world.index()
    assert pinned(world, album) == {photo_at(world, first), photo_at(world, second)}
    assert len(pinned(world, album)) == 2


def test_photos_that_change_names_keep_what_was_said_of_them(world: World, album: int) -> None:
    first, second = world.paint("a.png", 1), world.paint("b.png", 2)
    world.index()
    pin(world, album, first)
    was = photo_at(world, first)
    world.paint("a.png", 2)
    world.paint("b.png", 1)
    world.index()
    assert photo_at(world, second) == was
    assert pinned(world, album) == {was}


def test_a_photo_renamed_over_another_says_nothing_of_it(world: World, album: int) -> None:
    first, second = world.paint("a.png", 1), world.paint("b.png", 2)
    world.index()
    pin(world, album, second)
    Path(os.fsdecode(first)).rename(os.fsdecode(second))
    world.index()
    assert pinned(world, album) == set()


def test_a_picture_made_from_a_raw_takes_over_what_was_said_of_it(world: World, album: int) -> None:
    raw = world.paint("a.dng", 1)  # decoded as what it holds; its name alone makes it a RAW here
    world.index()
    pin(world, album, raw)
    jpeg = world.write("a.jpg", picture(1, kind="JPEG"))
    world.index()
    assert photo_at(world, raw) == photo_at(world, jpeg)
    assert pinned(world, album) == {photo_at(world, jpeg)}
    world.write("a.jpg", picture(1, kind="JPEG", side=64))
    world.index()
    assert pinned(world, album) == {photo_at(world, jpeg)}


def test_a_forgotten_folder_taken_in_again_has_its_pins(world: World, album: int) -> None:
    path = world.paint("a.png", 1)
    world.index()
    pin(world, album, path)
    with world.database.writing():
        world.database.roots.remove(bytes(world.photos))
    assert pinned(world, album) == set()
    world.index()
    assert pinned(world, album) == {photo_at(world, path)}


def test_a_photo_that_is_pruned_leaves_the_album(world: World, album: int) -> None:
    path = world.paint("a.png", 1)
    world.paint("b.png", 2)
    world.index()
    pin(world, album, path)
    Path(os.fsdecode(path)).unlink()
    world.index()
    assert pinned(world, album) == set()
    prune(world.database)
    world.paint("a.png", 1)
    world.index()
    assert pinned(world, album) == set()


@pytest.mark.parametrize("same_picture", [True, False])
def test_a_written_caption_follows_only_where_the_picture_is_the_same(world: World, same_picture: bool) -> None:
    path = world.paint("a.png", 1)
    world.index()
    with world.database.writing() as connection:
        values = {"text": "coloured squares", "source": "captioner", "photo_id": photo_at(world, path)}
        connection.execute(insert(CaptionRow).values(values))
    world.write("a.png", tagged(1, "beach") if same_picture else picture(2))
    world.index()
    with world.database.reading() as connection:
        photos = connection.scalars(select(CaptionRow.photo_id)).all()
    assert (photo_at(world, path) in photos) is same_picture
