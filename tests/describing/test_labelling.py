"""Labels given to a library's photos, with a real database and a model that knows colours."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.conditions import HasLabel
from searchengine.describing import labelling
from searchengine.describing.label_vectors import label_vectors
from searchengine.describing.labelling import Labeller
from searchengine.describing.vocabulary import shipped_words
from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences
from searchengine.store.labels import VOCABULARY
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import SmallLibrary

if TYPE_CHECKING:
    from searchengine.records import Vectors


def pictures(colour: str, count: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    noisy = np.full((count, 48, 48, 3), PALETTE[colour]) + rng.normal(0, 12, (count, 48, 48, 3))
    return list(np.clip(noisy, 0, 255).astype(np.uint8))


class Labelled:
    """A small library and its labeller."""

    def __init__(self, folder: Path) -> None:
        self.model = ColourModel()
        self.library = SmallLibrary(folder, self.model.identity)
        self.database = self.library.database
        self.loaded = 0
        self.background = self.model.encode_texts(background_sentences())

    def add(self, colour: str, count: int, seed: int = 0) -> list[int]:
        return self.library.add(self.model.encode_images(pictures(colour, count, seed)))

    def labeller(self) -> Labeller:
        """One that knows nothing of what another one did but by the database and the files."""
        library = self.library
        return Labeller(
            library.database, library.model_id, self.model.identity, self._load, self._yardstick, library.folder
        )

    def own(self, text: str) -> None:
        (self.library.folder / "vocabulary.txt").write_text(text, "utf-8")

    def having(self, name: str) -> list[int]:
        ids: list[int] = self.database.photos.matching((HasLabel(name),)).tolist()
        return ids

    def everything(self) -> list[tuple[int, str, float]]:
        ids = self.database.photos.matching(()).tolist()
        return [(p.id, one.name, round(one.confidence, 4)) for p in self.database.photos.get(ids) for one in p.labels]

    def _load(self) -> ColourModel:
        self.loaded += 1
        return self.model

    def _yardstick(self) -> Yardstick:
        library = self.library
        _, sample = library.database.embeddings.of(library.model_id, library.database.photos.matching(()))
        return Yardstick.of(sample, self.background)


@pytest.fixture
def labelled(tmp_path: Path) -> Iterator[Labelled]:
    labelled = Labelled(tmp_path / "library")
    yield labelled
    labelled.database.close()


@pytest.fixture
def colours(labelled: Labelled) -> dict[str, list[int]]:
    """The ids of ten photos of each of four colours, which have their labels."""
    ids = {colour: labelled.add(colour, 10) for colour in ("red", "green", "blue", "yellow")}
    labelled.labeller().bring_up_to_date()
    return ids


def test_photos_are_found_by_the_labels_that_fit_them(labelled: Labelled, colours: dict[str, list[int]]) -> None:
    assert labelled.having("red") == colours["red"]
    assert labelled.having("BLUE") == colours["blue"]
    (photo,) = labelled.database.photos.get(colours["green"][:1])
    assert photo.labels[0].name == "green"
    assert photo.labels[0].source == VOCABULARY
    assert all(0.5 <= label.confidence <= 1 for label in photo.labels)


def test_another_word_for_a_label_finds_it_too(labelled: Labelled, colours: dict[str, list[int]]) -> None:
    labelled.own("red: scarlet, crimson\n")
    labelled.labeller().bring_up_to_date()
    assert labelled.having("Scarlet") == labelled.having("red") == colours["red"]


@pytest.mark.usefixtures("colours")
def test_a_label_that_fits_no_photo_is_known_all_the_same(labelled: Labelled) -> None:
    assert labelled.having("zebra") == []


def test_photos_that_come_later_are_labelled_alone(labelled: Labelled, colours: dict[str, list[int]]) -> None:
    with labelled.database.writing() as connection:  # as if a person had: what was done isn't done again
        connection.exec_driver_sql("DELETE FROM photo_labels WHERE photo_id = ?", (colours["red"][0],))
    late = labelled.add("red", 3, seed=1)
    labelled.labeller().bring_up_to_date()
    assert labelled.having("red") == [*colours["red"][1:], *late]


@pytest.mark.usefixtures("colours")
def test_an_unchanged_library_costs_neither_model_nor_product(
    labelled: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = labelled.loaded
    monkeypatch.setattr(labelling, "label_vectors", lambda *_: pytest.fail("nothing is due"))
    labelled.labeller().bring_up_to_date()
    assert labelled.loaded == before


def test_an_edit_of_the_vocabulary_costs_the_new_words_and_labels_all_anew(
    labelled: Labelled, colours: dict[str, list[int]]
) -> None:
    labelled.own("-red\nblue: azure\n")
    labelled.labeller().bring_up_to_date()
    assert labelled.having("azure") == colours["blue"]
    assert "red" not in labelled.database.labels.all(VOCABULARY).values()
    assert "red" not in {name for _, name, _ in labelled.everything()}
    labelled.own("")
    labelled.labeller().bring_up_to_date()
    assert labelled.having("red") == colours["red"]


@pytest.mark.usefixtures("colours")
def test_a_line_that_is_no_use_is_said(labelled: Labelled, caplog: pytest.LogCaptureFixture) -> None:
    labelled.own("scarlet\n: nothing\n")
    with caplog.at_level(logging.WARNING):
        labelled.labeller().bring_up_to_date()
    assert "vocabulary.txt, line 2" in caplog.text
    assert "scarlet" in labelled.database.labels.all(VOCABULARY).values()


def test_a_photo_embedded_anew_gets_its_labels_anew(labelled: Labelled, colours: dict[str, list[int]]) -> None:
    changed = colours["red"][0]
    labelled.library.embed([changed], labelled.model.encode_images(pictures("blue", 1, seed=2)))
    labelled.labeller().bring_up_to_date()
    assert changed not in labelled.having("red")
    assert changed in labelled.having("blue")


def test_killed_in_between_the_next_run_goes_on_to_the_same_labels(
    labelled: Labelled, colours: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = labelled.everything()
    monkeypatch.setattr(labelling, "AT_ONCE", 7)
    labelled.own("-zebra\n")  # so that all are due
    with labelled.database.writing() as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER stop BEFORE INSERT ON photo_labels WHEN NEW.photo_id = {colours['blue'][5]} "
            "BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        )
    with pytest.raises(sqlite3.IntegrityError):
        labelled.labeller().bring_up_to_date()
    with labelled.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER stop")
    done = labelled.database.labels.labelling(labelled.library.model_id)
    assert done is not None
    assert done.last_seq == 21  # three batches
    labelled.labeller().bring_up_to_date()
    assert labelled.everything() == whole


def test_two_programs_that_label_at_once_come_to_the_same(labelled: Labelled, colours: dict[str, list[int]]) -> None:
    late = labelled.add("yellow", 2, seed=3)
    one, other = labelled.labeller(), labelled.labeller()
    one.bring_up_to_date()
    other.bring_up_to_date()
    assert labelled.having("yellow") == [*colours["yellow"], *late]


def test_a_photo_of_nothing_gets_no_label_and_a_random_model_gives_none(tmp_path: Path) -> None:
    labelled = Labelled(tmp_path / "library")
    rng = np.random.default_rng(0)
    mixed = np.linalg.qr(rng.normal(size=(labelled.model.dim, labelled.model.dim)))[0].astype(np.float32)
    vectors = labelled.model.encode_images(
        [picture for colour in ("red", "green", "blue") for picture in pictures(colour, 20)]
    )
    labelled.library.add((vectors @ mixed).astype(np.float32))  # photos that have nothing to do with the sentences
    labelled.labeller().bring_up_to_date()
    assert labelled.everything() == []
    labelled.database.close()


@pytest.mark.usefixtures("colours")
def test_the_labels_of_a_photo_that_is_in_no_library(labelled: Labelled) -> None:
    (vector,) = labelled.model.encode_images(pictures("yellow", 1, seed=9))
    assert labelled.labeller().fitting(vector)[0].name == "yellow"


def test_a_torn_file_of_vectors_and_another_models_are_made_anew(tmp_path: Path) -> None:
    words, model, file = shipped_words()[:5], ColourModel(), tmp_path / "labels.npz"
    asked = []

    def load() -> ColourModel:
        asked.append(1)
        return model

    def vectors() -> Vectors:
        asked.clear()
        return label_vectors(words, model.identity, load, file)

    first = vectors()
    assert asked
    assert np.allclose(vectors(), first, atol=1e-3)
    assert not asked
    file.write_bytes(file.read_bytes()[:-100])
    assert np.allclose(vectors(), first, atol=1e-3)
    assert asked
    model = ColourModel(revision="2")
    assert not np.allclose(vectors(), first, atol=1e-3)
    assert asked
