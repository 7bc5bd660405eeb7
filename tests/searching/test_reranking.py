"""A second look at the first hits: the order is the matcher's, and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from searchengine.embedding.matcher import Matcher
from searchengine.errors import QueryError, UsageError
from searchengine.library import Library
from searchengine.photos.decode import decode
from searchengine.records import Hit, Results, Sort
from searchengine.searching import reranking
from searchengine.searching.reranking import reranked, wordings
from searchengine.settings import Settings
from tests.embedding.captioners import tiny


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("two dogs on a beach", ["two dogs on a beach"]),
        ('"birthday cake" -people', ["birthday cake"]),
        ("beach^2 sunset", ["beach, sunset"]),
        ("tag:dog camera:Canon at night", ["at night"]),
        ("a cat OR a dog", ["a cat", "a dog"]),
        ("(red OR blue) car AND a house", ["red, car, a house", "blue, car, a house"]),
    ],
)
def test_the_words_of_a_line_are_asked_about(line: str, texts: list[str]) -> None:
    assert wordings(line) == texts


@pytest.mark.parametrize("line", [None, " ", "tag:dog", "-people"])
def test_without_words_there_is_nothing_to_look_for_again(line: str | None) -> None:
    with pytest.raises(UsageError, match="takes words"):
        wordings(line)


def test_a_mistake_in_the_line_is_that_mistake() -> None:
    with pytest.raises(QueryError):
        wordings("(a dog")


@pytest.fixture(scope="module")
def library(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("reranking")
    (folder / "photos").mkdir()
    for name in ("chelsea.png", "coffee.png", "rocket.jpg", "china.jpg", "motorcycle_left.png"):
        shutil.copy(sample_photos / name, folder / "photos")
    opened = Library.open(Settings(folder / "library", folder / "models", default_model="builtin"), create=True)
    opened.index([folder / "photos"])
    return opened


@pytest.mark.slow
def test_the_first_hits_are_ordered_by_how_well_the_words_match(
    library: Library, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny("matcher", tmp_path_factory)
    before = library.search("a cat", everything=True)
    assert len(before) == 5

    matcher = Matcher(folder, "tiny")

    def expected(hit: Hit) -> float:
        data = Path(hit.path.decode()).read_bytes()
        return float(matcher.match("a cat", [decode(data, path=hit.path, at_least=matcher.at_least).pixels])[0])

    after = library.search("a cat", everything=True, rerank=str(folder))
    assert [hit.id for hit in after] == [hit.id for hit in sorted(before, key=lambda hit: -expected(hit))]
    assert [hit.id for hit in after] != [hit.id for hit in before]
    assert [hit.match for hit in after] == pytest.approx([expected(hit) for hit in after], abs=1e-5)

    pages = [library.search("a cat", everything=True, rerank=str(folder), limit=2, offset=n).hits for n in (0, 2, 4)]
    assert [hit.id for page in pages for hit in page] == [hit.id for hit in after]

    monkeypatch.setattr(reranking, "FIRST", 2)
    part = reranked(before, ["a cat"], matcher)
    assert {hit.id for hit in part.hits[:2]} == {hit.id for hit in before.hits[:2]}
    assert part.hits[2:] == before.hits[2:]


@pytest.mark.slow
def test_the_best_alternative_counts(library: Library, tmp_path_factory: pytest.TempPathFactory) -> None:
    matcher = Matcher(tiny("matcher", tmp_path_factory), "tiny")
    hits = library.search("a cat", everything=True)
    each = [{hit.id: hit.match for hit in reranked(hits, [text], matcher)} for text in ("a cat", "a rocket")]
    both = reranked(hits, ["a cat", "a rocket"], matcher)
    assert all(hit.match == pytest.approx(max(one[hit.id] for one in each), abs=1e-5) for hit in both)


@pytest.mark.slow
def test_a_photo_that_is_gone_comes_last_and_is_told_of(
    library: Library, tmp_path_factory: pytest.TempPathFactory
) -> None:
    matcher = Matcher(tiny("matcher", tmp_path_factory), "tiny")
    before = library.search("a cat", everything=True)
    place = Path(before.hits[0].path.decode())
    data = place.read_bytes()
    place.unlink()
    try:
        after = reranked(before, ["a cat"], matcher)
    finally:
        place.write_bytes(data)
    assert (after.hits[-1].id, after.hits[-1].match) == (before.hits[0].id, None)
    assert "1 of the first 5 photos couldn't be looked at again" in after.notes[-1]
    assert reranked(Results(()), ["a cat"], matcher) == Results(())


def test_an_answer_has_one_order(library: Library) -> None:
    with pytest.raises(UsageError, match="one order"):
        library.search("a cat", rerank="blip-itm", sort=Sort.DATE)
    with pytest.raises(UsageError, match="one that judges"):
        library.search("a cat", rerank="builtin")
