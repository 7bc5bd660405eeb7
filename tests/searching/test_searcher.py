"""From a query to its answer, with real files, a real database and a model that knows colours."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from searchengine.conditions import Condition, HasCamera, HasFormat, HasLabel, InFolder, Taken
from searchengine.errors import NotFoundError, PhotoUnreadableError, UsageError
from searchengine.photos.decode import decode
from searchengine.photos.files import stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import Label, PhotoData, PhotoFacts, Query
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.searcher import EMPTY, NONE_MATCH, Searcher
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import FACTS, ROOT, SmallLibrary, identity
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


def searcher_of(library: SmallLibrary, model: ColourModel) -> Searcher:
    path = library.folder / "vectors.faiss"
    return Searcher(library.database, LiveIndex(library.database, library.model_id, library.model, path), lambda: model)


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
        (hit,) = searcher.search(Query(line=f"  a {colour} picture ", limit=1)).hits
        assert hit.id == pictures[colour]
        assert Path(os.fsdecode(hit.path)).name == f"{colour}.png"
        assert 0.5 < hit.score <= 1.001


def test_best_comes_first(searcher: Searcher, pictures: dict[str, int]) -> None:
    hits = searcher.search(Query(line="red")).hits
    assert len(hits) == len(pictures)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.id for hit in hits[1:3]} == {pictures["red-green"], pictures["red-blue"]}


def test_a_label_narrows_before_the_best_are_taken(
    library: SmallLibrary, searcher: Searcher, pictures: dict[str, int]
) -> None:
    with library.database.writing():
        label_id = library.database.labels.add("our sky", "probe")
        library.database.labels.give(label_id, library.model_id, [pictures["blue"]], {pictures["blue"]: 0.8})
    (hit,) = searcher.search(Query(line="red", conditions=(HasLabel("Our Sky"),), limit=1)).hits
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
        hits = searcher.search(Query(like=(like,), limit=len(pictures) - 1)).hits
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
        assert searcher.search(Query(like=(like,), limit=1)).hits[0].id == pictures["blue"]
        assert model.encoded_images == 1


def test_a_file_that_changed_is_compared_as_it_is_now(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path
) -> None:
    path = paint(tmp_path / "pictures", "red.png", ["blue", "blue", "green"])
    os.utime(path, (1, 1))
    assert searcher.search(Query(like=(path,), limit=1)).hits[0].id == pictures["blue"]


def test_a_known_file_that_is_away_is_compared_as_it_was(
    searcher: Searcher, pictures: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "pictures" / "red.png"
    path.unlink()
    results = searcher.search(Query(like=(path,), limit=2))
    assert {hit.id for hit in results.hits} == {pictures["red-green"], pictures["red-blue"]}
    assert "no such file" in results.notes[0]


@pytest.mark.usefixtures("pictures")
def test_photos_that_cannot_be_compared_say_why(searcher: Searcher, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="9999"):
        searcher.search(Query(like=(9999,)))
    with pytest.raises(PhotoUnreadableError, match=r"nowhere\.jpg.*no such file"):
        searcher.search(Query(like=(tmp_path / "nowhere.jpg",)))
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    for like in (text, PhotoData("text.jpg", b"not a photo")):
        with pytest.raises(PhotoUnreadableError, match=r"text\.jpg"):
            searcher.search(Query(like=(like,)))


def test_a_photo_that_waits_for_the_model_is_asked_about_by_its_file(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, tmp_path: Path
) -> None:
    library.unembed([pictures["red"]])
    hits = searcher.search(Query(like=(pictures["red"],), limit=2)).hits
    assert {hit.id for hit in hits} == {pictures["red-green"], pictures["red-blue"]}
    (tmp_path / "pictures" / "red.png").unlink()
    with pytest.raises(PhotoUnreadableError, match="no such file"):
        searcher.search(Query(like=(pictures["red"],)))


def test_words_and_a_photo_together_find_what_fits_both(searcher: Searcher, pictures: dict[str, int]) -> None:
    hits = searcher.search(Query(line="green", like=(pictures["red"],))).hits
    assert hits[0].id == pictures["red-green"]
    hits = searcher.search(Query(like=(pictures["red"], pictures["blue"]))).hits
    assert hits[0].id == pictures["red-blue"]
    assert not {pictures["red"], pictures["blue"]} & {hit.id for hit in hits}


def test_hidden_photos_never_appear(searcher: Searcher, pictures: dict[str, int], library: SmallLibrary) -> None:
    library.hide([pictures["red"]])
    for conditions in ((), (HasFormat("png"),)):
        hits = searcher.search(Query(line="red", conditions=conditions, limit=100)).hits
        assert len(hits) == len(pictures) - 1
        assert pictures["red"] not in {hit.id for hit in hits}
    library.hide([pictures["red"]], hidden=False)
    assert searcher.search(Query(line="red", limit=1)).hits[0].id == pictures["red"]


def test_photos_on_a_drive_that_is_away_are_found_with_a_note(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary
) -> None:
    with library.database.writing():
        library.database.roots.away(library.root_id)
    results = searcher.search(Query(line="red", limit=1))
    assert results.hits[0].id == pictures["red"]
    assert "drive" in results.notes[0]


def test_copies_are_shown_once_with_their_places(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, model: ColourModel, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "rot.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "pictures" / "red.png").read_bytes())
    put(library, model, [copy])
    hits = searcher.search(Query(line="red")).hits
    assert [hit.id for hit in hits].count(pictures["red"]) == 1
    assert hits[0].paths == (os.fsencode(copy), os.fsencode(tmp_path / "pictures" / "red.png"))


def test_the_copy_in_the_folder_asked_for_is_the_one_to_show(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary, model: ColourModel, tmp_path: Path
) -> None:
    copy = tmp_path / "zoo" / "rot.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "pictures" / "red.png").read_bytes())
    put(library, model, [copy])
    (hit,) = searcher.search(Query(line="red", conditions=(InFolder(bytes(copy.parent)),))).hits
    assert hit.id == pictures["red"]
    assert hit.paths == (os.fsencode(copy), os.fsencode(tmp_path / "pictures" / "red.png"))


@pytest.mark.usefixtures("pictures")
def test_words_that_the_model_cannot_read_are_answered_with_a_note(searcher: Searcher) -> None:
    results = searcher.search(Query(line="해변의 개 두 마리", limit=3))
    assert len(results.hits) == 3
    assert "Korean" in results.notes[0]
    assert not searcher.search(Query(line="two dogs on a beach")).notes


def test_a_least_score_cuts_the_answer(searcher: Searcher, pictures: dict[str, int]) -> None:
    everything = searcher.search(Query(line="red")).hits
    cut = searcher.search(Query(line="red", min_score=everything[2].score)).hits
    assert cut == everything[:3]
    assert pictures["black"] not in {hit.id for hit in cut}


def test_an_empty_library_says_so_without_the_model(library: SmallLibrary) -> None:
    def never() -> ColourModel:
        raise AssertionError("the model was loaded")

    index = LiveIndex(library.database, library.model_id, library.model, library.folder / "vectors.faiss")
    results = Searcher(library.database, index, never).search(Query(line="red"))
    assert results.hits == ()
    assert results.notes == (EMPTY,)


def test_a_library_whose_photos_are_all_gone_says_so(
    searcher: Searcher, pictures: dict[str, int], library: SmallLibrary
) -> None:
    library.hide(list(pictures.values()))
    assert searcher.search(Query(line="red")).notes == (EMPTY,)


@pytest.mark.usefixtures("pictures")
def test_filters_that_nothing_satisfies_say_so(searcher: Searcher) -> None:
    results = searcher.search(Query(line="red", conditions=(HasCamera("Leica"),)))
    assert results.hits == ()
    assert results.notes == (NONE_MATCH,)


@pytest.mark.parametrize(
    "query",
    [Query(), Query(line=""), Query(line=" \n"), Query(line="x", limit=0), Query(line="x", offset=-1)],
)
def test_a_query_that_asks_nothing_is_refused(searcher: Searcher, query: Query) -> None:
    with pytest.raises(UsageError):
        searcher.search(query)


# --- against brute force ----------------------------------------------------------------------------------------------


def random_facts(seed: int, n: int) -> tuple[list[PhotoFacts], list[bytes]]:
    random = np.random.default_rng(seed)
    facts = [
        PhotoFacts(
            *(FACTS.width, FACTS.height),
            format=str(random.choice(["jpeg", "png", "heic"])),
            taken_at=None if random.random() < 0.2 else START + timedelta(days=int(random.integers(0, 100))),
            camera=None if random.random() < 0.3 else str(random.choice(["Canon EOS R5", "NIKON Z 6", "iPhone 15"])),
        )
        for _ in range(n)
    ]
    folders = random.choice(["a", "a/b", "ab", "c"], n)
    return facts, [b"%s/%s/%d.jpg" % (ROOT, os.fsencode(str(folder)), row) for row, folder in enumerate(folders)]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLibrary]:
    """Three hundred photos, a third of them equal to another; some hidden, some without a vector."""
    library = SmallLibrary(tmp_path_factory.mktemp("many") / "library", identity(DIM))
    facts, paths = random_facts(1, 300)
    vectors = unit_vectors(300, DIM, seed=1)
    vectors[200:] = vectors[:100]
    ids = library.add(vectors, facts=facts, paths=paths)
    library.hide(ids[::17])
    library.unembed(ids[5::29])
    yield library
    library.database.close()


day = st.none() | st.integers(-5, 105).map(lambda days: START + timedelta(days=days))


def maybe(kind: type, values: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(st.builds(kind, values), max_size=1)


asked_conditions = st.tuples(
    maybe(InFolder, st.sampled_from([ROOT, ROOT + b"/a", ROOT + b"/a/b", ROOT + b"/c", b"/nowhere"])),
    st.lists(st.builds(Taken, day, day), max_size=1),
    maybe(HasFormat, st.sampled_from(["jpeg", "HEIC"])),
    maybe(HasCamera, st.sampled_from(["canon", "nikon z", "phone"])),
).map(lambda parts: tuple(itertools.chain(*parts)))


def satisfies(facts: PhotoFacts, path: bytes, conditions: tuple[Condition, ...]) -> bool:
    return all(satisfies_one(facts, path, condition) for condition in conditions)


def satisfies_one(facts: PhotoFacts, path: bytes, condition: Condition) -> bool:
    match condition:
        case InFolder(folder):
            return path.startswith(folder + b"/")
        case Taken(after, before):
            taken = facts.taken_at
            return taken is not None and (after is None or taken >= after) and (before is None or taken < before)
        case HasFormat(name):
            return facts.format == name.lower()
        case HasCamera(part):
            return facts.camera is not None and part in facts.camera.lower()
    raise AssertionError(condition)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=asked_conditions, offset=st.integers(0, 50), limit=st.integers(1, 100), like=st.integers(0, 299))
def test_a_filtered_search_equals_brute_force(
    many: SmallLibrary, model: ColourModel, asked: tuple[Condition, ...], offset: int, limit: int, like: int
) -> None:
    ids, vectors = many.database.embeddings.of(many.model_id, range(1, 301))
    photo_id = int(ids[like % len(ids)])
    query = vectors[ids == photo_id][0]
    hidden = set(many.database.photos.hidden().tolist())
    photos = {photo.id: photo for photo in many.database.photos.get(ids.tolist())}
    scores = dict(zip(ids.tolist(), np.einsum("nd,d->n", vectors, query).tolist(), strict=True))
    eligible = [
        id_
        for id_, photo in photos.items()
        if id_ not in hidden and id_ != photo_id and satisfies(photo.facts, photo.files[0].path, asked)
    ]
    expected = sorted((scores[id_] for id_ in eligible), reverse=True)[offset : offset + limit]
    found = searcher_of(many, model).search(Query(like=(photo_id,), conditions=asked, offset=offset, limit=limit))
    ids_found = [hit.id for hit in found.hits]
    assert len(set(ids_found)) == len(ids_found)
    assert set(ids_found) <= set(eligible)
    # By their scores: photos that are equally good but for float16's last digit may change places.
    np.testing.assert_allclose([scores[id_] for id_ in ids_found], expected, atol=1e-3)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(like=st.integers(0, 299), page=st.integers(13, 70), asked=asked_conditions)
def test_pages_put_together_are_the_whole_answer(
    many: SmallLibrary, model: ColourModel, like: int, page: int, asked: tuple[Condition, ...]
) -> None:
    searcher = searcher_of(many, model)
    ids = many.database.embeddings.ids(many.model_id)
    photo_id = int(ids[like % len(ids)])
    whole = searcher.search(Query(like=(photo_id,), conditions=asked, limit=1000)).hits
    pages = [
        searcher.search(Query(like=(photo_id,), conditions=asked, offset=start, limit=page)).hits
        for start in range(0, 300, page)
    ]
    assert tuple(hit for hits in pages for hit in hits) == whole
