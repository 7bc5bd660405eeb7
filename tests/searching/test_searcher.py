"""From a query to its answer, with real files, a real database and a model that knows colours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from searchengine.conditions import HasCamera, HasFormat, HasLabel, InFolder
from searchengine.errors import NotFoundError, PhotoUnreadableError, UsageError
from searchengine.photos.decode import decode
from searchengine.photos.files import stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.ranking.relevance import THRESHOLDS
from searchengine.records import Band, Label, PhotoData, PhotoFacts, Query, Sort
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.searcher import EMPTY, NOTHING_FITS, Searcher
from searchengine.searching.yardsticks import Yardsticks
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import FACTS, SmallLibrary, no_sentences
from tests.vectors.samples import unit_vectors

DIM = 16
START = datetime(2020, 1, 1)  # noqa: DTZ001  # cameras write local time without a zone


@pytest.fixture
def model() -> ColourModel:
    return ColourModel()


@pytest.fixture
def library(tmp_path: Path, model: ColourModel) -> Iterator[SmallLibrary]:
    library = SmallLibrary(tmp_path / "library", model.identity)
    yield library
    library.database.close()


@pytest.fixture
def searcher(library: SmallLibrary, model: ColourModel) -> Searcher:
    return searcher_of(library, model)


def searcher_of(library: SmallLibrary, model: ColourModel | Callable[[], ColourModel]) -> Searcher:
    load = model if callable(model) else lambda: model
    database, model_id = library.database, library.model_id
    index = LiveIndex(database, model_id, library.model, library.folder / "vectors.faiss", no_sentences)
    yardsticks = Yardsticks(database, model_id, load, library.folder / "yardstick.npz")
    return Searcher(database, index, load, yardsticks)


def everything(**asked: Any) -> Query:
    """A query for all that there is, also what doesn't fit: how sure that is, is tested elsewhere."""
    return Query(everything=True, expand=True, **asked)


def paint(folder: Path, name: str, colours: list[str]) -> Path:
    """A picture of vertical stripes."""
    folder.mkdir(parents=True, exist_ok=True)
    stripes = np.repeat(np.array([PALETTE[colour] for colour in colours], np.uint8), 96 // len(colours), axis=0)
    Image.fromarray(np.tile(stripes, (96, 1, 1))).save(folder / name)
    return folder / name


def put(library: SmallLibrary, model: ColourModel, paths: list[Path]) -> list[int]:
    """Index these files."""
    contents = [path.read_bytes() for path in paths]
    names = [os.fsencode(path) for path in paths]
    decoded = [decode(data, path=name, at_least=48) for data, name in zip(contents, names, strict=True)]
    return library.add(
        model.encode_images([photo.pixels for photo in decoded]),
        facts=[photo.facts for photo in decoded],
        paths=names,
        fingerprints=[fingerprint(data) for data in contents],
        stamps=[stamp_of(name) for name in names],
    )


@pytest.fixture
def pictures(tmp_path: Path, library: SmallLibrary, model: ColourModel) -> dict[str, int]:
    """Twelve plain pictures and two of stripes, by name, with their ids."""
    folder = tmp_path / "pictures"
    paths = [paint(folder, f"{colour}.png", [colour]) for colour in PALETTE]
    paths += [paint(folder, "red-green.png", ["red", "green"]), paint(folder, "red-blue.png", ["red", "blue"])]
    return dict(zip((path.stem for path in paths), put(library, model, paths), strict=True))


def test_words_find_the_photo_that_fits(searcher: Searcher, pictures: dict[str, int]) -> None:
    for colour in PALETTE:
        (hit,) = searcher.search(everything(line=f"  a {colour} picture ", limit=1)).hits
        assert hit.id == pictures[colour]
        assert Path(os.fsdecode(hit.path)).name == f"{colour}.png"
        assert 0.5 < hit.score <= 1.001


def test_best_comes_first(searcher: Searcher, pictures: dict[str, int]) -> None:
    hits = searcher.search(everything(line="red")).hits
    assert len(hits) == len(pictures)
    assert [hit.relevance for hit in hits] == sorted((hit.relevance or 0 for hit in hits), reverse=True)
    assert {hit.id for hit in hits[1:3]} == {pictures["red-green"], pictures["red-blue"]}


def test_a_label_narrows_before_the_best_are_taken(
    library: SmallLibrary, searcher: Searcher, pictures: dict[str, int]
) -> None:
    with library.database.writing():
        label_id = library.database.labels.add("our sky", "probe")
        library.database.labels.give(label_id, library.model_id, [pictures["blue"]], {pictures["blue"]: 0.8})
    (hit,) = searcher.search(everything(line="red", conditions=(HasLabel("Our Sky"),), limit=1)).hits
    assert hit.id == pictures["blue"]
    assert hit.photo.labels == (Label("our sky", 0.8, "probe"),)


def test_a_photo_of_the_library_is_left_out_of_its_own_answer(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path, model: ColourModel
) -> None:
    """By id, by path, by a copy of the file elsewhere and by its bytes: never the photo itself, never the model."""
    path = tmp_path / "pictures" / "red.png"
    copy = tmp_path / "elsewhere.png"
    copy.write_bytes(path.read_bytes())
    model.encoded_images = 0
    for like in (pictures["red"], path, copy, PhotoData("red.png", path.read_bytes())):
        hits = searcher.search(everything(like=(like,), limit=len(pictures) - 1)).hits
        assert len(hits) == len(pictures) - 1
        assert pictures["red"] not in {hit.id for hit in hits}
        assert {hit.id for hit in hits[:2]} == {pictures["red-green"], pictures["red-blue"]}
    assert model.encoded_images == 0


def test_a_photo_from_outside_finds_its_like(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path, model: ColourModel
) -> None:
    outside = tmp_path / "outside.jpg"
    Image.new("RGB", (300, 200), PALETTE["blue"]).save(outside)
    for like in (outside, PhotoData("outside.jpg", outside.read_bytes())):
        model.encoded_images = 0
        assert searcher.search(everything(like=(like,), limit=1)).hits[0].id == pictures["blue"]
        assert model.encoded_images == 1


def test_a_file_that_changed_is_compared_as_it_is_now(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path
) -> None:
    path = paint(tmp_path / "pictures", "red.png", ["blue", "blue", "green"])
    os.utime(path, (1, 1))
    assert searcher.search(everything(like=(path,), limit=1)).hits[0].id == pictures["blue"]


def test_a_known_file_that_is_away_is_compared_as_it_was(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "pictures" / "red.png"
    path.unlink()
    results = searcher.search(everything(like=(path,), limit=2))
    assert {hit.id for hit in results.hits} == {pictures["red-green"], pictures["red-blue"]}
    assert "no such file" in results.notes[0]


@pytest.mark.usefixtures("pictures")
def test_photos_that_cannot_be_compared_say_why(searcher: Searcher, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="9999"):
        searcher.search(everything(like=(9999,)))
    with pytest.raises(PhotoUnreadableError, match=r"nowhere\.jpg.*no such file"):
        searcher.search(everything(like=(tmp_path / "nowhere.jpg",)))
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    for like in (text, PhotoData("text.jpg", b"not a photo")):
        with pytest.raises(PhotoUnreadableError, match=r"text\.jpg"):
            searcher.search(everything(like=(like,)))


def test_a_photo_that_waits_for_the_model_is_asked_about_by_its_file(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, tmp_path: Path
) -> None:
    library.unembed([pictures["red"]])
    hits = searcher.search(everything(like=(pictures["red"],), limit=2)).hits
    assert {hit.id for hit in hits} == {pictures["red-green"], pictures["red-blue"]}
    (tmp_path / "pictures" / "red.png").unlink()
    with pytest.raises(PhotoUnreadableError, match="no such file"):
        searcher.search(everything(like=(pictures["red"],)))


def test_words_and_a_photo_together_find_what_fits_both(searcher: Searcher, pictures: dict[str, int]) -> None:
    hits = searcher.search(everything(line="green", like=(pictures["red"],))).hits
    assert hits[0].id == pictures["red-green"]
    hits = searcher.search(everything(like=(pictures["red"], pictures["blue"]))).hits
    assert hits[0].id == pictures["red-blue"]
    assert not {pictures["red"], pictures["blue"]} & {hit.id for hit in hits}


def test_hidden_photos_never_appear(searcher: Searcher, pictures: dict[str, int], library: SmallLibrary) -> None:
    library.hide([pictures["red"]])
    for conditions in ((), (HasFormat("png"),)):
        hits = searcher.search(everything(line="red", conditions=conditions, limit=100)).hits
        assert len(hits) == len(pictures) - 1
        assert pictures["red"] not in {hit.id for hit in hits}
    library.hide([pictures["red"]], hidden=False)
    assert searcher.search(everything(line="red", limit=1)).hits[0].id == pictures["red"]


def test_photos_on_a_drive_that_is_away_are_found_with_a_note(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary
) -> None:
    with library.database.writing():
        library.database.roots.away(library.root_id)
    results = searcher.search(everything(line="red", limit=1))
    assert results.hits[0].id == pictures["red"]
    assert "drive" in results.notes[0]


def test_copies_are_shown_once_with_their_places(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, model: ColourModel, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "rot.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "pictures" / "red.png").read_bytes())
    put(library, model, [copy])
    hits = searcher.search(everything(line="red")).hits
    assert [hit.id for hit in hits].count(pictures["red"]) == 1
    assert hits[0].paths == (os.fsencode(copy), os.fsencode(tmp_path / "pictures" / "red.png"))


def test_the_copy_in_the_folder_asked_for_is_the_one_to_show(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, model: ColourModel, tmp_path: Path
) -> None:
    copy = tmp_path / "zoo" / "rot.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "pictures" / "red.png").read_bytes())
    put(library, model, [copy])
    (hit,) = searcher.search(everything(line="red", conditions=(InFolder(bytes(copy.parent)),))).hits
    assert hit.id == pictures["red"]
    assert hit.paths == (os.fsencode(copy), os.fsencode(tmp_path / "pictures" / "red.png"))


@pytest.mark.usefixtures("pictures")
def test_words_that_the_model_cannot_read_are_answered_with_a_note(searcher: Searcher) -> None:
    results = searcher.search(everything(line="해변의 개 두 마리", limit=3))
    assert len(results.hits) == 3
    assert "Korean" in results.notes[0]
    assert not searcher.search(everything(line="two dogs on a beach")).notes


def test_a_least_score_cuts_the_answer(searcher: Searcher, pictures: dict[str, int]) -> None:
    whole = searcher.search(everything(line="red")).hits
    cut = searcher.search(everything(line="red", min_score=whole[2].score)).hits
    assert cut == whole[:3]
    assert pictures["black"] not in {hit.id for hit in cut}


def test_an_empty_library_says_so_without_the_model(library: SmallLibrary) -> None:
    def never() -> ColourModel:
        raise AssertionError("the model was loaded")

    results = searcher_of(library, never).search(Query(line="red"))
    assert results.hits == ()
    assert results.notes == (EMPTY,)


def test_a_library_whose_photos_are_all_gone_says_so(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary
) -> None:
    library.hide(list(pictures.values()))
    assert searcher.search(everything(line="red")).notes == (EMPTY,)


@pytest.mark.usefixtures("pictures")
def test_filters_that_nothing_satisfies_say_so(searcher: Searcher) -> None:
    results = searcher.search(everything(line="red", conditions=(HasCamera("Leica"),)))
    assert results.hits == ()
    assert results.notes == ("No photo satisfies this: camera with “Leica” in its name.",)


@pytest.mark.usefixtures("pictures")
def test_of_several_filters_those_are_named_that_nothing_satisfies(searcher: Searcher) -> None:
    results = searcher.search(everything(line="red format:heic", conditions=(HasFormat("png"),)))
    assert results.notes == ("No photo satisfies this: format heic.",)


@pytest.mark.parametrize(
    "query",
    [Query(), Query(line=""), Query(line=" \n"), Query(line="x", limit=0), Query(line="x", offset=-1)],
)
def test_a_query_that_asks_nothing_is_refused(searcher: Searcher, query: Query) -> None:
    with pytest.raises(UsageError):
        searcher.search(query)


# --- how well it fits ---


def test_an_answer_ends_where_photos_do_not_fit_any_more(searcher: Searcher, pictures: dict[str, int]) -> None:
    results = searcher.search(Query(line="red"))
    assert results.hits[0].id == pictures["red"]
    assert results.fits
    assert len(results) < len(pictures)
    assert all(hit.relevance is not None and hit.relevance >= THRESHOLDS[Band.WEAK] for hit in results)
    assert all(hit.band not in (None, Band.NONE) for hit in results)
    whole = searcher.search(everything(line="red"))
    assert len(whole) == len(pictures)
    assert [hit.id for hit in whole][: len(results)] == [hit.id for hit in results]


@pytest.mark.usefixtures("pictures")
def test_what_nothing_fits_says_so_and_shows_the_nearest(searcher: Searcher) -> None:
    results = searcher.search(Query(line="zzyzx"))
    assert results.notes == (NOTHING_FITS,)
    assert not results.fits
    assert len(results) == 5
    assert {hit.band for hit in results} == {Band.NONE}
    assert len(searcher.search(Query(line="zzyzx", offset=5))) == 0


def test_what_must_not_fit_is_left_out(searcher: Searcher, pictures: dict[str, int]) -> None:
    found = {hit.id for hit in searcher.search(everything(line="red -green"))}
    assert pictures["green"] not in found
    assert pictures["red"] in found
    listed = [hit.id for hit in searcher.search(Query(line="-red", limit=100))]
    assert pictures["red"] not in listed
    assert pictures["green"] in listed


def test_alternatives_take_the_better_relevance(searcher: Searcher, pictures: dict[str, int]) -> None:
    alone = {hit.id: hit.relevance for line in ("red", "cyan") for hit in searcher.search(Query(line=line))}
    both = {hit.id: hit.relevance for hit in searcher.search(Query(line="red OR cyan"))}
    assert {pictures["red"], pictures["cyan"]} <= set(both)
    assert both == pytest.approx(alone)


def test_conditions_alone_list_the_newest_first(library: SmallLibrary, searcher: Searcher) -> None:
    dates = [None, START, START + timedelta(days=2), START + timedelta(days=1)]
    facts = [PhotoFacts(1, 1, "png", taken_at=date) for date in dates]
    ids = library.add(unit_vectors(4, 120), facts=facts)
    results = searcher.search(Query(line="format:png"))
    assert [hit.id for hit in results] == [ids[2], ids[3], ids[1], ids[0]]
    assert {(hit.score, hit.relevance, hit.band) for hit in results} == {(None, None, None)}
    assert [hit.id for hit in searcher.search(Query(line="format:png", offset=1, limit=2))] == [ids[3], ids[1]]


def test_by_date_means_the_relevant_ones_alone(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary
) -> None:
    by_relevance = [hit.id for hit in searcher.search(Query(line="red", expand=True))]
    with library.database.writing():
        for day, photo_id in enumerate(pictures.values()):
            library.database.photos.update(photo_id, replace(FACTS, taken_at=START + timedelta(days=day)))
    by_date = [hit.id for hit in searcher.search(Query(line="red", expand=True, sort=Sort.DATE))]
    assert by_date == sorted(by_relevance, reverse=True)


def test_near_copies_stand_behind_the_best_of_them(
    searcher: Searcher, library: SmallLibrary, model: ColourModel, pictures: dict[str, int], tmp_path: Path
) -> None:
    copies = []
    for quality in (95, 80, 60):
        copies.append(tmp_path / f"copy{quality}.jpg")
        Image.open(tmp_path / "pictures" / "red-blue.png").save(copies[-1], quality=quality)
    ids = put(library, model, copies)
    scene = {pictures["red-blue"], *ids}
    hits = searcher.search(Query(line="red AND blue", everything=True, limit=100)).hits
    (shown,) = [hit for hit in hits if hit.id in scene]
    assert {shown.id, *shown.alike} >= scene
    apart = searcher.search(Query(line="red AND blue", everything=True, expand=True, limit=100)).hits
    assert scene <= {hit.id for hit in apart}
    assert all(hit.alike == () for hit in apart)


def test_an_album_in_a_line_is_its_photos(searcher: Searcher, library: SmallLibrary, pictures: dict[str, int]) -> None:
    with library.database.writing():
        search_id = library.database.searches.remember("red")
        library.database.albums.add("Reds", search_id, Band.WEAK)
        album_id = library.database.albums.named("Reds").id
        library.database.albums.put(album_id, [pictures["cyan"]], pinned=True)
        library.database.albums.put(album_id, [pictures["red"]], pinned=False)
    relevant = {hit.id for hit in searcher.search(Query(line="red", expand=True))}
    expected = (relevant | {pictures["cyan"]}) - {pictures["red"]}
    assert {hit.id for hit in searcher.search(Query(line="album:reds"))} == expected
    outside = {hit.id for hit in searcher.search(Query(line="-album:Reds", limit=100))}
    assert outside == set(pictures.values()) - expected


def test_an_album_that_is_filled_from_itself_is_refused(searcher: Searcher, library: SmallLibrary) -> None:
    with library.database.writing():
        library.database.albums.add("Loop", library.database.searches.remember("album:Loop"), Band.WEAK)
    with pytest.raises(UsageError, match="Loop > Loop"):
        searcher.search(Query(line="album:Loop"))


@pytest.mark.usefixtures("pictures")
def test_an_unknown_label_is_said_with_the_nearest(searcher: Searcher, library: SmallLibrary) -> None:
    with library.database.writing():
        library.database.labels.add("our dog", "probe")
    with pytest.raises(NotFoundError, match="our dog"):
        searcher.search(Query(line='tag:"our dgo"'))


def test_what_an_album_asks_is_answered_from_memory_until_something_is_written(
    searcher: Searcher, library: SmallLibrary, model: ColourModel, pictures: dict[str, int], tmp_path: Path
) -> None:
    found = searcher.find("format:png", Band.GOOD)
    assert len(found) == len(pictures)
    assert searcher.find("format:png", Band.GOOD) is found
    (another,) = put(library, model, [paint(tmp_path / "pictures", "blue-green.png", ["blue", "green"])])
    assert another in searcher.find("format:png", Band.GOOD)


def test_the_next_page_costs_no_search_until_something_is_written(
    library: SmallLibrary, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    dim = library.model.dim
    ids = library.add(unit_vectors(300, dim))
    asked: list[int] = []
    search = LiveIndex.search

    def counted(self: LiveIndex, *how: Any, **more: Any) -> Any:
        asked.append(1)
        return search(self, *how, **more)

    monkeypatch.setattr(LiveIndex, "search", counted)
    whole = [hit.id for hit in searcher.search(everything(line="red", limit=300))]
    assert sorted(whole) == ids
    pages = [[hit.id for hit in searcher.search(everything(line="red", limit=20, offset=at))] for at in (0, 20, 60, 40)]
    assert [*pages[0], *pages[1], *pages[3], *pages[2]] == whole[:80]
    before = len(asked)
    again = [[hit.id for hit in searcher.search(everything(line="red", limit=20, offset=at))] for at in (0, 20, 60, 40)]
    assert again == pages
    assert len(asked) == before
    (new,) = library.add(unit_vectors(1, dim, seed=5))
    assert new in {hit.id for hit in searcher.search(everything(line="red", limit=301))}
    library.hide([whole[0]])
    assert whole[0] not in {hit.id for hit in searcher.search(everything(line="red", limit=20))}
