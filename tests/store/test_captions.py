"""Captions beyond those in photos' files, and sentences that go through a model once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import update

from searchengine.store.captions import LIST, Sentences, as_kept
from searchengine.store.database import Database
from searchengine.store.prune import prune
from searchengine.store.schema import SentenceRow
from tests.store.conftest import fill

if TYPE_CHECKING:
    from searchengine.records import Vectors

MODEL_ID = 1


class Encoder:
    """Unit vectors that depend on the text alone; remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.shown += texts
        rows = [np.random.default_rng(list(text.encode())).normal(size=4) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def sentences_of(database: Database) -> Sentences:
    fill(database, [b"/photos/a.jpg"])
    return database.sentences


def test_a_sentence_of_the_list_is_taken_in_once(database: Database) -> None:
    with database.writing():
        assert database.captions.add(["a dog", "a cat", "a dog"]) == 2
        assert database.captions.add(["a cat", "a bird"]) == 1
    assert [caption.text for caption in database.captions.all(LIST)] == ["a dog", "a cat", "a bird"]


def test_a_captioner_says_one_thing_of_a_photo_and_the_latest_counts(database: Database) -> None:
    first, second = fill(database, [b"/photos/a.jpg", b"/photos/b.jpg"])
    assert database.captions.lacking("blip").tolist() == [first, second]
    with database.writing():
        database.captions.write("blip", {first: "a dog", 99: "of a photo that is gone"})
        database.captions.write("git", {first: "an animal"})
    assert database.captions.lacking("blip").tolist() == [second]
    with database.writing():
        database.captions.write("blip", {first: "a brown dog"})
    assert sorted(caption.text for caption in database.captions.of([first, second])[first]) == [
        "a brown dog",
        "an animal",
    ]
    assert [caption.text for caption in database.captions.all("blip")] == ["a brown dog"]


def test_the_captions_of_a_photo_go_with_it(database: Database) -> None:
    (photo,) = fill(database, [b"/photos/a.jpg"])
    with database.writing():
        database.captions.write("blip", {photo: "a dog"})
        database.captions.add(["a sentence for any photo"])
        files = [file.id for _, file in database.files.known(database.roots.all()[0].id)]
        database.files.mark_missing(files, missing=True)
    assert database.captions.lacking("git").tolist() == []
    prune(database)
    assert [caption.source for caption in database.captions.all()] == [LIST]


def test_a_sentence_goes_through_a_model_once(database: Database) -> None:
    sentences, encoder = sentences_of(database), Encoder()
    told: list[tuple[int, int]] = []
    texts = ["a dog", "a cat", "a dog", "日没"]
    first = sentences.vectors(MODEL_ID, texts, encoder, lambda done, whole: told.append((done, whole)))
    assert sorted(encoder.shown) == sorted({*texts})
    assert told == [(3, 3)]
    again = sentences.vectors(MODEL_ID, ["日没", "a bird"], encoder)
    assert encoder.shown.count("日没") == 1
    np.testing.assert_array_equal(first[3], again[0])
    np.testing.assert_array_equal(first[0], first[2])
    assert np.allclose(np.linalg.norm(first, axis=1), 1)
    np.testing.assert_allclose(first, Encoder()(texts), atol=1e-3)  # half precision
    assert sentences.vectors(MODEL_ID, [], encoder).shape == (0, 4)


def test_what_was_encoded_before_an_interruption_is_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchengine.store.captions.BATCH", 2)
    sentences, encoder = sentences_of(database), Encoder()

    def interrupted(done: int, _whole: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    texts = [f"photo {number}" for number in range(7)]
    with pytest.raises(KeyboardInterrupt):
        sentences.vectors(MODEL_ID, texts, encoder, interrupted)
    assert sentences.count(MODEL_ID) == 4
    sentences.vectors(MODEL_ID, texts, encoder)
    assert sorted(encoder.shown) == texts  # each once


def test_a_damaged_sentence_is_encoded_anew(database: Database) -> None:
    sentences, encoder = sentences_of(database), Encoder()
    whole = sentences.vectors(MODEL_ID, ["a dog", "a cat"], encoder)
    with database.writing() as connection:
        connection.execute(update(SentenceRow).where(SentenceRow.text == "a dog").values(vector=b"torn"))
        connection.execute(update(SentenceRow).where(SentenceRow.text == "a cat").values(vector=b"\0" * 8))
    np.testing.assert_array_equal(sentences.vectors(MODEL_ID, ["a dog", "a cat"], encoder), whole)
    assert encoder.shown[2:] == ["a cat", "a dog"]
    sentences.vectors(MODEL_ID, ["a dog", "a cat"], encoder)
    assert len(encoder.shown) == 4


def test_a_library_that_can_not_be_written_to_encodes_and_keeps_nothing(database: Database, folder: Path) -> None:
    fill(database, [b"/photos/a.jpg"])
    database.close()
    (folder / "library.db").chmod(0o444)
    folder.chmod(0o555)
    try:
        with Database.open(folder) as opened:
            if not opened.read_only:
                pytest.skip("this user may write everywhere")
            assert opened.sentences.vectors(MODEL_ID, ["a dog"], Encoder()).shape == (1, 4)
            assert opened.sentences.count(MODEL_ID) == 0
    finally:
        folder.chmod(0o755)


def test_words_that_were_kept_come_back_as_they_were_rounded_for_it(database: Database) -> None:
    sentences, encoder = sentences_of(database), Encoder()
    texts = ["a dog", "日没"]
    vectors = encoder(texts)
    assert sentences.known(MODEL_ID, texts) == {}
    sentences.keep(MODEL_ID, dict(zip(texts, vectors, strict=True)))
    known = sentences.known(MODEL_ID, [*texts, "a cat"])
    assert list(known) == texts
    np.testing.assert_array_equal(np.stack(list(known.values())), as_kept(vectors))
    np.testing.assert_allclose(as_kept(vectors), vectors, atol=1e-3)


def test_what_is_removed_is_forgotten_by_the_models_too(database: Database) -> None:
    sentences, encoder = sentences_of(database), Encoder()
    with database.writing():
        database.captions.add(["a dog", "a cat"])
    sentences.vectors(MODEL_ID, ["a dog", "a cat"], encoder)
    dog = next(caption for caption in database.captions.all(LIST) if caption.text == "a dog")
    with database.writing():
        assert database.captions.remove([dog.id, 12345]) == 1
    assert [caption.text for caption in database.captions.all()] == ["a cat"]
    assert sentences.count(MODEL_ID) == 1


def test_pruning_forgets_what_was_searched_for_and_keeps_what_captions_say(database: Database) -> None:
    sentences = sentences_of(database)
    with database.writing():
        database.captions.add(["a dog"])
    sentences.vectors(MODEL_ID, ["a dog", "a secret"], Encoder())
    prune(database)
    assert set(sentences.known(MODEL_ID, ["a dog", "a secret"])) == {"a dog"}
