"""The yardstick's file is a cache: whatever is wrong with it, the library is measured as it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from searchengine.embedding.base import EmbeddingModel
from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences
from searchengine.searching.yardsticks import OUTGROWN, Yardsticks
from tests.fakes import ColourModel
from tests.searching.libraries import SmallLibrary
from tests.vectors.samples import unit_vectors

MODEL = ColourModel()
PHOTOS = 40


class Loading:
    """Gives the model, and counts how often it was asked for."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> EmbeddingModel:
        self.times += 1
        return MODEL


@pytest.fixture
def library(tmp_path: Path) -> SmallLibrary:
    small = SmallLibrary(tmp_path / "library", MODEL.identity)
    small.add(unit_vectors(PHOTOS, MODEL.dim))
    return small


def yardsticks(library: SmallLibrary, model: Loading | None = None, file: Path | None = None) -> Yardsticks:
    file = file or library.folder / f"yardstick-{library.model_id}.npz"
    return Yardsticks(library.database, library.model_id, model or Loading(), file)


def same(first: Yardstick, second: Yardstick) -> bool:
    return (first.size, first.aligned) == (second.size, second.aligned) and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in ("mean", "covariance", "background")
    )


def test_the_library_and_the_neutral_sentences_make_it(library: SmallLibrary) -> None:
    yardstick = yardsticks(library).get()
    assert yardstick.size == PHOTOS
    _, vectors = library.database.embeddings.of(library.model_id, library.database.embeddings.ids(library.model_id))
    assert same(yardstick, Yardstick.of(vectors, MODEL.encode_texts(background_sentences())))


def test_the_next_program_takes_it_from_the_file_and_needs_no_model(library: SmallLibrary) -> None:
    first, model = yardsticks(library).get(), Loading()
    assert same(yardsticks(library, model).get(), first)
    assert model.times == 0
    assert not list(library.folder.glob("*.tmp"))


@pytest.mark.parametrize("kept", [0, 10, 0.5, -100])
def test_a_torn_file_is_made_anew(library: SmallLibrary, kept: float) -> None:
    first = yardsticks(library).get()
    file = library.folder / f"yardstick-{library.model_id}.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    assert same(yardsticks(library).get(), first)
    assert file.stat().st_size == len(whole)


def test_a_damaged_file_is_made_anew(library: SmallLibrary) -> None:
    first = yardsticks(library).get()
    file = library.folder / f"yardstick-{library.model_id}.npz"
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    file.write_bytes(damaged)
    assert same(yardsticks(library).get(), first)


def test_the_file_of_another_model_is_not_taken_for_ones_own(library: SmallLibrary) -> None:
    file = library.folder / f"yardstick-{library.model_id}.npz"
    yardsticks(library).get()
    with np.load(file) as held:
        parts = dict(held)
    other = json.loads(str(parts["origin"]))
    other[0]["checksum"] = "of other weights"
    parts |= {"origin": np.array(json.dumps(other)), "mean": parts["mean"] + 1}
    np.savez(file, **parts)
    model = Loading()
    assert np.abs(yardsticks(library, model).get().mean).max() < 1
    assert model.times == 1


def test_a_library_that_has_grown_is_measured_anew_without_the_model(library: SmallLibrary) -> None:
    model = Loading()
    held = yardsticks(library, model)
    held.get()
    library.add(unit_vectors(int(PHOTOS * OUTGROWN), MODEL.dim, seed=1))
    assert held.get().size == PHOTOS
    library.add(unit_vectors(1, MODEL.dim, seed=2))
    assert held.get().size == yardsticks(library).get().size == PHOTOS + int(PHOTOS * OUTGROWN) + 1
    assert model.times == 1


def test_where_it_cannot_be_written_it_serves_from_memory(library: SmallLibrary) -> None:
    model = Loading()
    held = yardsticks(library, model, library.folder / "gone" / "yardstick.npz")
    assert same(held.get(), held.get())
    assert held.get().size == PHOTOS
    assert model.times == 1


def test_made_again_it_is_of_the_photos_that_are_there_and_takes_no_model(library: SmallLibrary) -> None:
    model = Loading()
    held = yardsticks(library, model)
    old, ids = held.get(), library.database.embeddings.ids(library.model_id).tolist()
    library.unembed(ids[:30])
    library.add(unit_vectors(30, MODEL.dim, seed=1))  # as many as before, and others
    assert same(held.get(), old)
    held.remake()
    assert held.get().size == PHOTOS
    assert not same(held.get(), old)
    assert same(yardsticks(library, model).get(), held.get())
    assert model.times == 1
