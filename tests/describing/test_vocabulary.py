"""The shipped vocabulary, and a person's own beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchengine.describing.vocabulary import UNHEARD_OF, Vocabulary, Word, frequencies, read_vocabulary, shipped_words


def own(folder: Path, text: str) -> Vocabulary:
    (folder / "vocabulary.txt").write_text(text, "utf-8")
    return read_vocabulary(folder / "vocabulary.txt")


def named(vocabulary: Vocabulary, name: str) -> Word | None:
    return next((word for word in vocabulary.words if word.name == name), None)


def test_the_shipped_words_are_many_and_no_two_are_the_same(tmp_path: Path) -> None:
    shipped = read_vocabulary(tmp_path / "none")
    assert shipped.problems == ()
    assert shipped.words == shipped_words()
    assert len(shipped.words) >= 1500
    wordings = [wording.casefold() for word in shipped.words for wording in word.wordings]
    assert len(set(wordings)) == len(wordings)


def test_the_shipped_words_are_plain_and_each_belongs_to_a_category() -> None:
    for word in shipped_words():
        assert word.category
        for wording in word.wordings:
            assert wording.isascii()
            assert wording == " ".join(wording.lower().split())
            assert len(wording.split()) <= 6
    assert len({word.category for word in shipped_words()}) >= 20


@pytest.mark.parametrize(
    "expected",
    ["dog", "beach", "dancing", "snowfall", "golden hour", "red", "pizza", "lion", "bus", "church", "jeans", "sofa",
     "rose", "tennis racket", "wedding", "receipt", "screenshot"],
)  # fmt: skip
def test_what_people_photograph_is_among_them(expected: str) -> None:
    assert expected in {word.name for word in shipped_words()}


def test_what_was_counted_in_captions_are_labels() -> None:
    names = {word.name for word in shipped_words()}
    assert frequencies().keys() <= names
    assert frequencies()["dog"] > frequencies()["guitar"] > 0


def test_a_person_adds_labels_and_says_what_else_they_are_called(tmp_path: Path) -> None:
    mine = own(tmp_path, "# mine\n\n[family]\nour boat: Tinkerbell, the old tub\nnarrowboat\n")
    assert mine.problems == ()
    assert named(mine, "our boat") == Word("our boat", ("Tinkerbell", "the old tub"), "family", UNHEARD_OF)
    assert len(mine.words) == len(shipped_words()) + 2


def test_a_persons_line_goes_before_the_shipped_one(tmp_path: Path) -> None:
    mine = own(tmp_path, "dog: mutt\nbrook: beck\n")  # a brook is another word for a stream, when it is not a label
    assert named(mine, "dog") == Word("dog", ("mutt",), "", frequencies()["dog"])
    stream = named(mine, "stream")
    assert stream is not None
    assert "brook" not in stream.also


def test_labels_can_be_switched_off(tmp_path: Path) -> None:
    mine = own(tmp_path, "-dog\n- Seaside\n")
    assert mine.problems == ()
    assert named(mine, "dog") is None
    beach = named(mine, "beach")
    assert beach is not None
    assert "seaside" not in beach.also


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fine\n: no label\n", "line 2: a line is a label"),
        ("[unclosed\n", "line 1: a line is a label"),
        ("fine\nboat shed: fine\n", "line 2: 'fine' stands on line 1 already"),
        ("x: y, Y\n", "line 1: a word stands there twice"),
        ("a" * 61 + "\n", "line 1: 'aaa"),
        ("fine\n-dgo\n", "line 2: there is no label 'dgo' to leave out"),
    ],
)
def test_a_line_that_is_no_use_is_named_and_the_rest_is_read(tmp_path: Path, text: str, problem: str) -> None:
    mine = own(tmp_path, text + "also fine\n")
    (said,) = mine.problems
    assert said.startswith("vocabulary.txt, ")
    assert problem in said
    assert named(mine, "also fine") is not None


def test_a_file_that_is_no_text_is_named_and_the_shipped_words_hold(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.txt").write_bytes(b"\xff\xfe\x00dog")
    mine = read_vocabulary(tmp_path / "vocabulary.txt")
    assert mine.words == shipped_words()
    assert "UTF-8" in mine.problems[0]
