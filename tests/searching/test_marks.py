"""Feedback on an answer: what it does to the next one, how it is taken back, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from searchengine.conditions import HasLabel
from searchengine.errors import NotFoundError, QueryError, UsageError
from searchengine.records import Query, Results
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.remembered import Remembered
from searchengine.searching.searcher import Searcher
from searchengine.searching.yardsticks import Yardsticks
from searchengine.store.prune import prune
from searchengine.training.concepts import learn_concepts
from searchengine.training.own_classes import OwnClasses
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import FACTS, SmallLibrary, no_sentences

if TYPE_CHECKING:
    from searchengine.records import Vectors

KINDS = {"red-green": 8, "red-blue": 8, "yellow": 6, "black": 6, "white": 6, "pink-brown": 6, "cyan": 6}


def pictures(model: ColourModel, kind: str, count: int, seed: int = 0) -> Vectors:
    """Noisy pictures of vertical stripes in the colours of a kind, as the model sees them: float32 (count, dim)."""
    random = np.random.default_rng([seed, *kind.encode()])
    colours = [PALETTE[colour] for colour in kind.split("-")]
    stripes = np.tile(np.repeat(np.array(colours, np.float64), 24 // len(colours), axis=0), (count, 24, 1, 1))
    return model.encode_prepared(np.clip(stripes + random.normal(0, 12, stripes.shape), 0, 255).astype(np.uint8))


class Home:
    """A library of pictures, with all that feedback needs; put together as `Library` does it."""

    def __init__(self, folder: Path, model: ColourModel) -> None:
        self.model = model
        self.photos = SmallLibrary(folder, model.identity)
        self.database = self.photos.database
        self.remembered = Remembered(self.database, lambda: self.teach(self.photos.model_id, model))
        self.searcher = self.searcher_of(self.photos.model_id, model)
        self.ids = {kind: self.add(kind, count) for kind, count in KINDS.items()}

    def add(self, kind: str, count: int, seed: int = 0) -> list[int]:
        return self.photos.add(pictures(self.model, kind, count, seed))

    def searcher_of(self, model_id: int, model: ColourModel) -> Searcher:
        file = self.photos.folder / f"vectors-{model_id}.faiss"
        index = LiveIndex(self.database, model_id, model.identity, file, no_sentences)
        self.yardsticks = Yardsticks(self.database, model_id, lambda: model, file.with_suffix(".npz"))
        return Searcher(self.database, index, lambda: model, self.yardsticks)

    def teach(self, model_id: int, model: ColourModel) -> None:
        searcher = self.searcher_of(model_id, model)

        def vector_of(line: str) -> np.ndarray:
            vector = searcher.asked(line)[0].vector
            assert vector is not None
            return vector

        learn_concepts(self.database, model_id, vector_of, self.yardsticks.get)
        OwnClasses(self.database).bring_up_to_date(model_id, lambda: model)

    def search(self, line: str, **asked: Any) -> Results:
        return self.searcher.search(replace(Query(line, limit=100, everything=True, expand=True), **asked))

    def found(self, line: str, **asked: Any) -> list[int]:
        return [hit.id for hit in self.search(line, **asked)]

    def labelled(self, name: str) -> set[int]:
        return set(self.database.photos.matching([HasLabel(name)]).tolist())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "library", ColourModel())
    yield home
    home.database.close()


def ranks(found: list[int], ids: list[int]) -> list[int]:
    return [found.index(photo_id) for photo_id in ids]


def test_marks_bring_what_was_meant_before_what_was_not(home: Home) -> None:
    green, blue = home.ids["red-green"], home.ids["red-blue"]
    home.remembered.mark("red", good=green[:2], bad=blue[:2])
    found = home.found("red")
    assert max(ranks(found, green[2:])) < min(ranks(found, blue[2:]))
    home.remembered.forget("red")
    home.remembered.mark("red", good=blue[:1], bad=green[:1])
    found = home.found("red")
    assert max(ranks(found, blue[1:])) < min(ranks(found, green[1:]))


def test_what_fits_comes_first_and_what_does_not_is_left_out(home: Home) -> None:
    far, near = home.ids["cyan"][0], home.found("red")[0]
    home.remembered.mark("red", good=[far], bad=[near])
    answer = home.search("red")
    assert (answer.hits[0].id, answer.hits[0].relevance) == (far, 1)
    assert (answer.hits[-1].id, answer.hits[-1].relevance) == (near, 0)
    assert near not in home.found("red", everything=False)
    assert "2 photos" in answer.notes[-1]


def test_what_fits_comes_first_however_far_away_it_lies(home: Home) -> None:
    home.photos.add(np.concatenate([pictures(home.model, "red", 700, seed) for seed in range(2)]))
    far = home.found("red", limit=10_000)[-1]
    home.remembered.mark("red", good=[far])
    assert home.found("red", limit=1) == [far]
    pages = [home.found("red", limit=500, offset=offset) for offset in (0, 500, 1000)]
    assert [photo_id for page in pages for photo_id in page] == home.found("red", limit=10_000)[:1500]


def test_undo_restores_the_answer_exactly(home: Home) -> None:
    answers = [home.search("red").hits]
    home.remembered.mark("red", good=home.ids["red-green"][:3])
    answers.append(home.search("red").hits)
    home.remembered.mark("red", good=home.ids["red-blue"][:2], bad=home.ids["red-green"][:2])
    assert home.search("red").hits not in answers
    home.remembered.undo("red")
    assert home.search("red").hits == answers.pop()
    home.remembered.undo("red")
    assert home.search("red").hits == answers.pop()
    with pytest.raises(NotFoundError, match="Nothing was said of the answer to 'red'"):
        home.remembered.undo("red")


def test_feedback_is_of_one_question_however_it_is_written(home: Home) -> None:
    other = home.found("blue")
    home.remembered.mark("  red  ", good=home.ids["cyan"][:1])
    assert home.found("red")[0] == home.ids["cyan"][0]
    assert home.found("blue") == other
    search = home.remembered.of(" red")
    assert search is not None
    assert search.good == (home.ids["cyan"][0],)


def test_with_a_photo_beside_the_line_something_else_is_asked(home: Home) -> None:
    like = (home.ids["yellow"][0],)
    before = home.found("red", like=like)
    home.remembered.mark("red", good=home.ids["cyan"][:1])
    assert home.found("red", like=like) == before


def test_what_fits_speaks_for_the_alternative_that_it_is_nearest_to(home: Home) -> None:
    """`cyan` says nothing of a photo of red and green."""
    before = [photo_id for photo_id in home.found("cyan") if photo_id in home.ids["cyan"]]
    green, blue = home.ids["red-green"], home.ids["red-blue"]
    home.remembered.mark("red OR cyan", good=green[:2])
    found = home.found("red OR cyan")
    assert max(ranks(found, green)) < min(ranks(found, blue))
    assert [photo_id for photo_id in found if photo_id in before] == before


def test_marks_of_a_pruned_photo_vanish(home: Home) -> None:
    before = home.found("red")
    gone = home.ids["cyan"][0]
    home.remembered.mark("red", good=[gone])
    home.photos.hide([gone])
    assert gone not in home.found("red")
    prune(home.database)
    assert home.found("red") == [photo_id for photo_id in before if photo_id != gone]


def test_feedback_holds_for_another_model(home: Home) -> None:
    home.remembered.mark("red", good=home.ids["red-green"][:2], bad=home.ids["red-blue"][:2])
    other = ColourModel("other")
    searcher = home.searcher_of(embed_with(home, other), other)
    query = Query("red", limit=100, everything=True, expand=True)
    found = [hit.id for hit in searcher.search(query)]
    green, blue = home.ids["red-green"], home.ids["red-blue"]
    assert max(ranks(found, green[2:])) < min(ranks(found, blue[2:]))


def embed_with(home: Home, model: ColourModel) -> int:
    """Every photo through another model, which isn't the active one yet."""
    with home.database.writing():
        model_id = home.database.models.register(model.identity)
        for kind, ids in home.ids.items():
            home.database.embeddings.add(model_id, ids, pictures(model, kind, len(ids)), "float32")
    return model_id


def test_feedback_is_for_what_is_asked_of_the_content(home: Home) -> None:
    with pytest.raises(UsageError, match="without doubt"):
        home.remembered.mark("format:jpeg", good=home.ids["cyan"][:1])
    with pytest.raises(UsageError, match="Nothing was said"):
        home.remembered.mark("red")
    with pytest.raises(UsageError, match=r"said to fit and not to fit"):
        home.remembered.mark("red", good=home.ids["cyan"][:1], bad=home.ids["cyan"])
    with pytest.raises(NotFoundError, match="no photo 999"):
        home.remembered.mark("red", good=[999])
    with pytest.raises(QueryError):
        home.remembered.mark("fomat:jpeg", good=[1])
    assert home.database.searches.all() == []


def test_a_search_is_kept_until_it_is_removed(home: Home) -> None:
    home.remembered.save(" red   AND format:jpeg")
    assert [search.line for search in home.remembered.saved()] == ["red format:jpeg"]
    home.remembered.mark("red format:jpeg", good=home.ids["cyan"][:1])
    home.remembered.remove("red format:jpeg")
    assert home.remembered.saved() == []
    assert home.found("red format:jpeg")[0] == home.ids["cyan"][0]
    with pytest.raises(NotFoundError, match="no saved search"):
        home.remembered.remove("red format:jpeg")


# --- concepts ---


def test_a_concept_is_on_every_photo_that_fits_also_on_later_ones(home: Home) -> None:
    green, blue = home.ids["red-green"], home.ids["red-blue"]
    home.remembered.mark("red", good=green[:3], bad=blue[:2])
    home.remembered.save_as("red", "Christmas")
    assert set(green) <= home.labelled("christmas")
    assert not home.labelled("christmas") & {*blue, *home.ids["cyan"], *home.ids["yellow"]}
    (later,) = home.add("red-green", 1, seed=7)
    (other,) = home.add("cyan", 1, seed=7)
    home.teach(home.photos.model_id, home.model)
    assert later in home.labelled("Christmas")
    assert other not in home.labelled("Christmas")


def test_a_concept_follows_its_marks(home: Home) -> None:
    green, blue = home.ids["red-green"], home.ids["red-blue"]
    home.remembered.mark("red", good=green[:3], bad=blue[:3])
    home.remembered.save_as("red", "mine")
    before = home.labelled("mine")
    home.remembered.mark("red", good=[*blue[:3], home.ids["cyan"][0]], bad=green[:3])
    assert home.labelled("mine") >= {*blue[:3], home.ids["cyan"][0]}  # what a person said holds whatever was learnt
    assert not home.labelled("mine") & set(green[:3])
    home.remembered.undo("red")
    assert home.labelled("mine") == before
    home.remembered.undo("red")
    assert home.labelled("mine") == set()
    home.remembered.forget("red")  # nothing is said any more, but the concept is still there
    with pytest.raises(NotFoundError):
        home.labelled("mine")


def test_another_model_learns_a_concept_from_the_same_marks(home: Home) -> None:
    home.remembered.mark("red", good=home.ids["red-green"][:3], bad=home.ids["red-blue"][:2])
    home.remembered.save_as("red", "mine")
    other = ColourModel("other")
    model_id = embed_with(home, other)
    home.teach(model_id, other)
    with home.database.writing():
        home.database.models.use(model_id)
    assert set(home.ids["red-green"]) <= home.labelled("mine")
    assert not home.labelled("mine") & set(home.ids["red-blue"])


def test_a_concept_can_be_made_anew_of_another_query(home: Home) -> None:
    home.remembered.mark("red", good=home.ids["red-green"][:3])
    home.remembered.mark("cyan", good=home.ids["cyan"][:3])
    home.remembered.save_as("red", "mine")
    home.remembered.save_as("cyan", "MINE")
    assert [concept.line for concept in home.database.concepts.all()] == ["cyan"]
    assert set(home.ids["cyan"]) <= home.labelled("mine")
    assert not home.labelled("mine") & set(home.ids["red-green"])


def test_what_can_be_no_concept_says_why(home: Home) -> None:
    with pytest.raises(UsageError, match="No photo was said to fit 'red'"):
        home.remembered.save_as("red", "mine")
    for line in ("red format:jpeg", "red -blue", "red OR cyan"):
        home.remembered.mark(line, good=home.ids["cyan"][:1])
        with pytest.raises(UsageError, match="more than words or photos together"):
            home.remembered.save_as(line, "mine")
    home.remembered.mark("red", good=home.ids["cyan"][:1])
    with pytest.raises(UsageError, match="needs a name"):
        home.remembered.save_as("red", " ")
    assert home.database.concepts.all() == []


def test_a_library_of_marked_photos_alone_has_a_concept(tmp_path: Path) -> None:
    model = ColourModel()
    photos = SmallLibrary(tmp_path, model.identity)
    ids = photos.add(pictures(model, "red", 2), facts=[FACTS] * 2)
    with photos.database.writing():
        photos.database.searches.mark("red", ids, [])
        label_id = photos.database.labels.add("mine", "concept")
        photos.database.concepts.make(label_id, photos.database.searches.remember("red"))
    yardsticks = Yardsticks(photos.database, photos.model_id, lambda: model, tmp_path / "yardstick.npz")
    learn_concepts(photos.database, photos.model_id, lambda line: model.encode_texts([line])[0], yardsticks.get)
    OwnClasses(photos.database).bring_up_to_date(photos.model_id, lambda: model)
    assert photos.database.photos.matching([HasLabel("mine")]).tolist() == ids
    photos.database.close()
