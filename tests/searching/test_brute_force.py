"""A search against the answer that comes of looking at every photo, worked out here in the plainest way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchengine.ranking.relevance import THRESHOLDS, relevance_of_photo, relevance_of_text, together
from searchengine.records import Band, Photo, PhotoFacts, Query
from searchengine.searching import candidates
from searchengine.searching.expression import And, Expression, Field, Like, Not, Or, Text, all_of, one_of, printed
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.searcher import Searcher
from searchengine.searching.yardsticks import Yardsticks
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import ROOT, SmallLibrary, no_sentences

START = datetime(2020, 1, 1)  # noqa: DTZ001  # cameras write local time without a zone
PHOTOS = 240


def pictures(random: np.random.Generator) -> list[np.ndarray]:
    """Two colours each, in halves of any proportion."""
    colours = np.array(list(PALETTE.values()), np.uint8)
    made = []
    for _ in range(PHOTOS):
        one, other = random.integers(0, len(colours), 2)
        picture = np.tile(colours[one], (48, 48, 1))
        picture[:, int(random.integers(8, 48)) :] = colours[other]
        made.append(picture)
    return made


@pytest.fixture(scope="module")
def model() -> ColourModel:
    return ColourModel()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, model: ColourModel) -> Iterator[SmallLibrary]:
    """Photos of two colours; a quarter equal to another one, some hidden, some without a vector."""
    random = np.random.default_rng(1)
    library = SmallLibrary(tmp_path_factory.mktemp("many") / "library", model.identity)
    vectors = model.encode_images(pictures(random))
    vectors[180:] = vectors[:60]
    facts = [
        PhotoFacts(
            *(int(random.integers(100, 6000)), 480),
            format=str(random.choice(["jpeg", "png", "heic"])),
            taken_at=None if random.random() < 0.2 else START + timedelta(days=int(random.integers(0, 700))),
            camera=None if random.random() < 0.3 else str(random.choice(["Canon EOS R5", "NIKON Z 6", "iPhone 15"])),
        )
        for _ in range(PHOTOS)
    ]
    folders = random.choice(["a", "a/b", "ab", "c"], PHOTOS)
    paths = [b"%s/%s/%d.jpg" % (ROOT, os.fsencode(str(folder)), row) for row, folder in enumerate(folders)]
    ids = library.add(vectors, facts=facts, paths=paths)
    library.hide(ids[::17])
    library.unembed(ids[5::29])
    yield library
    library.database.close()


@pytest.fixture(scope="module")
def searcher(many: SmallLibrary, model: ColourModel) -> Searcher:
    index = LiveIndex(many.database, many.model_id, many.model, many.folder / "vectors.faiss", no_sentences)
    yardsticks = Yardsticks(many.database, many.model_id, lambda: model, many.folder / "yardstick.npz")
    return Searcher(many.database, index, lambda: model, yardsticks)


def fits(photo: Photo, field: Field) -> bool:
    """Whether a photo satisfies one of the conditions that are asked below."""
    facts, taken = photo.facts, photo.facts.taken_at
    return {
        "format:png": facts.format == "png",
        "camera:canon": "canon" in (facts.camera or "").lower(),
        "date:2020": taken is not None and taken.year == 2020,
        "date:2020-06..": taken is not None and taken >= datetime(2020, 6, 1),  # noqa: DTZ001
        "width:>3000": facts.width > 3000,
        "folder:a": b"/a/" in photo.files[0].path,
    }[f"{field.name}:{field.value}"]


FIELDS = [
    *(Field("format", "png"), Field("camera", "canon"), Field("date", "2020"), Field("date", "2020-06..")),
    *(Field("width", ">3000"), Field("folder", "a")),
]
atoms = st.one_of(
    st.builds(Text, st.sampled_from([*PALETTE, "red blue"]), st.booleans(), st.sampled_from([1.0, 1.0, 2.0])),
    st.builds(Like, st.integers(1, 160).map(str)),
    st.sampled_from(FIELDS),
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda part: part.part if isinstance(part, Not) else Not(part)),
        st.lists(inner, min_size=2, max_size=3).map(all_of),
        st.lists(inner, min_size=2, max_size=3).map(one_of),
    ),
    max_leaves=5,
)


def ways(expression: Expression, wanted: bool = True) -> list[list[tuple[Expression, bool]]]:
    """Every way to satisfy an expression, as the parts that must hold or must not."""
    match expression:
        case Not(part):
            return ways(part, not wanted)
        case And(parts) if wanted:
            return [list(chain(*way)) for way in product(*(ways(part, True) for part in parts))]
        case Or(parts) if not wanted:
            return [list(chain(*way)) for way in product(*(ways(part, False) for part in parts))]
        case And(parts) | Or(parts):
            return [way for part in parts for way in ways(part, wanted)]
    return [[(expression, wanted)]]


def brute_force(
    many: SmallLibrary, searcher: Searcher, model: ColourModel, expression: Expression, *, least: float
) -> dict[int, float]:
    """The relevance of every photo that the expression finds; 1 where nothing is asked of its content."""
    database, yardstick = many.database, searcher._yardsticks.get()
    everybody = database.photos.get(list(range(1, PHOTOS + 1)))
    hidden = set(database.photos.hidden().tolist())
    ids, vectors = database.embeddings.of(many.model_id, range(1, PHOTOS + 1))
    rows = {int(photo_id): row for row, photo_id in enumerate(ids)}
    found: dict[int, float] = {}
    by_content = any(wanted and not isinstance(part, Field) for way in ways(expression) for part, wanted in way)
    for way in ways(expression):
        asked = list(dict.fromkeys(part for part, wanted in way if wanted and not isinstance(part, Field)))
        unwanted = [part for part, wanted in way if not wanted and not isinstance(part, Field)]

        def of(part: Text | Like) -> np.ndarray:
            if isinstance(part, Text):
                return relevance_of_text(yardstick, model.encode_texts([part.words])[0], vectors)
            return relevance_of_photo(yardstick, vectors[rows[int(part.photo)]], vectors)

        weights = np.array([part.weight for part in asked])
        each = np.array([of(part) for part in asked])
        relevance = together(each, weights) if asked else np.ones(len(ids))
        for part, own in zip(asked, each, strict=True):
            if isinstance(part, Text) and part.phrase:
                relevance = np.minimum(relevance, own)
        bad = {int(ids[row]) for part in unwanted for row in np.flatnonzero(of(part) >= THRESHOLDS[Band.GOOD])}
        own_ids = {int(part.photo) for part in asked if isinstance(part, Like)}
        for photo in everybody:
            if photo.id in hidden | bad | own_ids or (by_content and photo.id not in rows):
                continue
            if all(fits(photo, part) is wanted for part, wanted in way if isinstance(part, Field)):
                value = float(relevance[rows[photo.id]]) if asked else 1.0
                if value >= least:
                    found[photo.id] = max(found.get(photo.id, 0), value)
    return found


def known(expression: Expression, many: SmallLibrary) -> bool:
    """Whether all photos that it asks with have a vector."""
    ids = set(many.database.embeddings.ids(many.model_id).tolist())
    return all(int(part.photo) in ids for way in ways(expression) for part, _ in way if isinstance(part, Like))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=expressions, everything=st.booleans())
def test_a_search_equals_brute_force(
    many: SmallLibrary, searcher: Searcher, model: ColourModel, expression: Expression, everything: bool
) -> None:
    if not known(expression, many):
        return
    expected = brute_force(many, searcher, model, expression, least=0 if everything else THRESHOLDS[Band.WEAK])
    results = searcher.search(Query(printed(expression), everything=everything, expand=True, limit=1000))
    if not results.fits:
        assert expected == {}
        return
    assert {hit.id for hit in results} == set(expected)
    relevances = [hit.relevance for hit in results if hit.relevance is not None]
    assert relevances == sorted(relevances, reverse=True)
    # The index holds half precision.
    assert all(hit.relevance == pytest.approx(expected[hit.id], abs=0.02) for hit in results if hit.relevance)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.sampled_from(["red", "like:2 blue", "red OR format:png", "green -blue width:>1000", "date:2020 -red"]),
    page=st.integers(7, 70),
    expand=st.booleans(),
    everything=st.booleans(),
)
def test_pages_put_together_are_the_whole_answer(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch, line: str, page: int, expand: bool, everything: bool
) -> None:
    """Also when it takes several windows of candidates, as in a large library."""
    monkeypatch.setattr(candidates, "WINDOW", 8)
    monkeypatch.setattr(candidates, "AT_ONCE", 32)

    def ask(offset: int, limit: int) -> list[int]:
        query = Query(line, everything=everything, expand=expand, offset=offset, limit=limit)
        return [hit.id for hit in searcher.search(query)]

    whole = ask(0, 1000)
    assert [photo_id for start in range(0, 300, page) for photo_id in ask(start, page)] == whole
    assert len(set(whole)) == len(whole)


def test_photos_that_must_not_fit_do_not_end_the_answer(
    tmp_path: Path, model: ColourModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halves(one: str, other: str, edge: int) -> np.ndarray:
        picture = np.tile(np.array(PALETTE[one], np.uint8), (48, 48, 1))
        picture[:, edge:] = PALETTE[other]
        return picture

    first = [halves("red", "blue", 26) for _ in range(12)]  # the reddest, and blue as well
    then = [halves("red", "white", 24) for _ in range(4)]
    rest = [halves(one, other, 24) for one, other in product(("green", "yellow", "black", "grey"), repeat=2)]
    library = SmallLibrary(tmp_path / "library", model.identity)
    ids = library.add(model.encode_images([*first, *then, *rest]))
    index = LiveIndex(library.database, library.model_id, library.model, library.folder / "vectors.faiss", no_sentences)
    yardsticks = Yardsticks(library.database, library.model_id, lambda: model, library.folder / "yardstick.npz")
    small = Searcher(library.database, index, lambda: model, yardsticks)
    monkeypatch.setattr(candidates, "WINDOW", 4)
    monkeypatch.setattr(candidates, "AT_ONCE", 16)
    found = {hit.id for hit in small.search(Query("red -blue", expand=True))}
    assert found >= set(ids[12:16])
    assert not found & set(ids[:12])
    library.database.close()
