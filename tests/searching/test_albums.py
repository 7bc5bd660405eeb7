"""What an album holds: what its query finds, without what was taken out, with what was pinned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.errors import NotFoundError, UsageError
from searchengine.records import Band
from searchengine.searching.albums import Albums, Opened, album_ids
from tests.searching.libraries import ROOT, SmallLibrary, identity

if TYPE_CHECKING:
    from searchengine.records import Ids

DIM = 4


class World:
    """Five photos, albums over them, and queries whose answers are given: `album:NAME` is that album's."""

    def __init__(self, folder: Path) -> None:
        self.library = SmallLibrary(folder, identity(DIM))
        self.database = self.library.database
        self.photos = self.library.add(np.eye(DIM, dtype=np.float32)[[0, 1, 2, 3, 0]])
        self.answers: dict[tuple[str, Band], list[int]] = {}
        self.labels = {"dog"}
        self.albums = Albums(self.database, self.find)

    def find(self, line: str, least: Band, opened: Opened = ()) -> Ids:
        kind, _, name = line.partition(":")
        if kind == "album":
            return album_ids(self.database, name.strip('"'), self.find, opened)
        if kind == "tag" and name not in self.labels:
            raise NotFoundError(f"There is no label '{name}'.")
        return np.array(self.answers.get((line, least), []), np.int64)

    def held(self, name: str) -> list[int]:
        return [int(photo_id) for photo_id in self.albums.ids(name)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.database.close()


def test_an_album_fills_itself_with_what_fits_well_enough(world: World) -> None:
    a, b, c, *_ = world.photos
    world.answers = {("sunset", Band.GOOD): [a, b], ("sunset", Band.STRONG): [a]}
    world.albums.add("Sunsets", "sunset")
    world.albums.add("Best sunsets", "sunset", Band.STRONG)
    assert (world.held("sunsets"), world.held("best SUNSETS")) == ([a, b], [a])
    world.answers["sunset", Band.GOOD].append(c)
    assert world.held("Sunsets") == [a, b, c]


def test_what_is_done_by_hand_stands_against_the_query(world: World) -> None:
    a, b, c, d, _ = world.photos
    world.answers = {("sunset", Band.GOOD): [a, b]}
    world.albums.add("Sunsets", "sunset")
    assert world.albums.pin("Sunsets", [c, str(d), os_path(3), c]) == 2
    assert world.albums.take_out("Sunsets", [Path(os_path(0))]) == 1
    assert world.held("Sunsets") == [b, c, d]
    world.albums.take_out("Sunsets", [c])
    world.albums.pin("Sunsets", [a])
    assert world.held("Sunsets") == [a, b, d]
    assert world.albums.undo("Sunsets", [a, c, b]) == 2
    assert world.held("Sunsets") == [a, b, d]
    world.albums.change("Sunsets", "sunset", Band.STRONG)
    assert world.held("Sunsets") == [d]


def test_an_album_without_a_query_is_filled_by_hand(world: World) -> None:
    world.albums.add("Best")
    assert world.held("Best") == []
    world.albums.pin("best", world.photos[:2])
    assert world.held("Best") == world.photos[:2]


def test_a_pinned_photo_that_is_gone_is_not_shown_until_it_is_back(world: World) -> None:
    world.albums.add("Best")
    world.albums.pin("Best", world.photos[:2])
    world.library.hide(world.photos[:1])
    assert world.held("Best") == world.photos[1:2]
    world.library.hide(world.photos[:1], hidden=False)
    assert world.held("Best") == world.photos[:2]


def test_an_album_can_be_part_of_another(world: World) -> None:
    a, b, c, *_ = world.photos
    world.answers = {("sunset", Band.GOOD): [a, b]}
    world.albums.add("Sunsets", "sunset")
    world.albums.take_out("Sunsets", [a])
    world.albums.add("Pictures", "album:Sunsets")
    world.albums.pin("Pictures", [c])
    assert world.held("Pictures") == [b, c]


def test_albums_in_a_circle_are_refused_and_the_circle_is_named(world: World) -> None:
    world.albums.add("A", "sunset")
    world.albums.add("B", "album:A")
    world.albums.add("C", "album:B")
    with pytest.raises(UsageError, match="A > C > B > A"):
        world.albums.change("a", "album:C", Band.GOOD)
    with pytest.raises(UsageError, match="A > A"):
        world.albums.change("A", "album:a", Band.GOOD)
    assert world.database.albums.named("A").line == "sunset"


def test_names_are_one_in_any_case(world: World) -> None:
    world.albums.add("Größe")
    with pytest.raises(UsageError, match="an album 'Größe' already"):
        world.albums.add("GRÖSSE")
    world.albums.rename("grösse", "GRÖSSE")
    world.albums.add("other")
    with pytest.raises(UsageError, match="already"):
        world.albums.rename("other", "größe")
    assert [album.name for album in world.albums.all()] == ["GRÖSSE", "other"]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "\x1b[31m", ".", ".."])
def test_what_is_no_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(UsageError, match="no name for an album"):
        world.albums.add(name)


def test_a_new_name_is_followed_by_the_albums_that_are_filled_from_it(world: World) -> None:
    a, b, *_ = world.photos
    world.answers = {("sunset", Band.GOOD): [a, b]}
    world.albums.add("Sunsets", "sunset")
    world.albums.add("Pictures", "album:sunsets")
    world.albums.rename("Sunsets", "By the sea")
    assert world.database.albums.named("Pictures").line == 'album:"By the sea"'
    assert world.held("Pictures") == [a, b]
    with pytest.raises(UsageError, match="'Pictures' is filled from 'By the sea'"):
        world.albums.remove("by the sea")
    world.albums.remove("Pictures")
    world.albums.remove("By the sea")
    assert world.database.searches.all() == []


def test_a_photo_in_a_query_is_the_same_one_from_every_folder(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    monkeypatch.chdir(tmp_path)
    world.albums.add("Like it", "like:a.jpg beach")
    assert world.database.albums.named("Like it").line == f"like:{tmp_path}/a.jpg beach"


def test_the_list_counts_and_says_which_query_cannot_be_answered(world: World) -> None:
    a, b, c, *_ = world.photos
    world.answers = {("sunset", Band.GOOD): [a, b]}
    world.albums.add("Sunsets", "sunset", Band.WEAK)
    world.albums.pin("Sunsets", [c])
    world.albums.take_out("Sunsets", [a])
    world.albums.add("Gone", "tag:dog")
    _, sunsets = world.albums.all()
    assert (sunsets.name, sunsets.query, sunsets.least) == ("Sunsets", "sunset", Band.WEAK)
    assert (sunsets.photos, sunsets.pinned, sunsets.taken_out, sunsets.problem) == (1, 1, 1, None)
    world.labels.clear()
    gone = world.albums.all()[0]
    assert (gone.photos, gone.problem) == (None, "There is no label 'dog'.")


def test_a_removed_album_leaves_no_search_behind_and_no_photo_is_touched(world: World) -> None:
    world.albums.add("Sunsets", "sunset")
    world.albums.pin("Sunsets", world.photos)
    assert [search.line for search in world.database.searches.all()] == ["sunset"]
    world.albums.remove("Sunsets")
    assert world.database.searches.all() == []
    assert len(world.database.photos.get(world.photos)) == 5
    with pytest.raises(NotFoundError, match="no album 'Sunsets'"):
        world.held("Sunsets")


def test_a_photo_that_is_not_in_the_library_is_said(world: World, tmp_path: Path) -> None:
    world.albums.add("Best")
    for named in (99, "99", str(tmp_path / "x.jpg")):
        with pytest.raises(NotFoundError, match="in the library"):
            world.albums.pin("Best", [world.photos[0], named])
    assert world.held("Best") == []


def os_path(number: int) -> str:
    """Where a photo lies."""
    return f"{ROOT.decode()}/{number:05d}.jpg"


def test_a_new_name_is_followed_by_saved_searches_and_by_what_was_said_of_an_answer(world: World) -> None:
    a, b, *_ = world.photos
    world.albums.add("Sunsets", "sunset")
    with world.database.writing():
        world.database.searches.save("album:sunsets beach")
        world.database.searches.mark("album:sunsets beach", [a], [b])
    world.albums.rename("Sunsets", "Evenings")
    _, search = sorted(world.database.searches.all(), key=lambda each: each.line != "sunset")
    assert (search.line, search.saved, search.good, search.bad) == ("album:Evenings beach", True, (a,), (b,))


def test_after_a_rename_what_was_said_last_can_still_be_taken_back_by_itself(world: World) -> None:
    a, b, *_ = world.photos
    world.albums.add("Sunsets", "sunset")
    with world.database.writing():
        world.database.searches.mark("album:Sunsets beach", [a], [])
        world.database.searches.mark("album:Sunsets beach", [], [b])
    world.albums.rename("Sunsets", "Evenings")
    with world.database.writing():
        assert world.database.searches.undo("album:Evenings beach")
    search = world.database.searches.of("album:Evenings beach")
    assert search is not None
    assert (search.good, search.bad) == ((a,), ())
