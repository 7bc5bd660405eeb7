from __future__ import annotations

import pytest

from searchengine.embedding.catalog import CATALOGUE
from searchengine.embedding.scripts import reading_note, unread_script

ENGLISH = ("en",)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("해질녘 바다", "Korean"),
        ("海边的日落", "Chinese"),
        ("夕焼けの海", "Japanese"),
        ("закат на море", "Cyrillic"),
        ("ηλιοβασίλεμα", "Greek"),
        ("غروب الشمس", "Arabic"),
        ("שקיעה", "Hebrew"),
        ("समुद्र", "Hindi"),
        ("ทะเล", "Thai"),
        ("a bowl of 김치", "Korean"),
    ],
)
def test_an_english_model_does_not_read_other_writing(text: str, script: str) -> None:
    assert unread_script(text, ENGLISH) == script


@pytest.mark.parametrize(
    "text", ["a dog", "un café à la plage", "smørrebrød", "", "2024 🐕 !?", "ｆｕｌｌ　ｗｉｄｔｈ"]
)
def test_latin_letters_digits_and_signs_are_read_by_all(text: str) -> None:
    assert unread_script(text, ENGLISH) is None


def test_a_model_reads_the_writing_of_its_languages() -> None:
    assert unread_script("海边的日落", ("zh",)) is None
    assert unread_script("해질녘 바다", ("zh",)) == "Korean"
    assert unread_script("해질녘 바다", ("*",)) is None


def test_a_model_of_unknown_languages_is_taken_at_its_word() -> None:
    assert unread_script("해질녘 바다", ()) is None


def test_the_note_names_the_writing_and_a_model_that_reads_it() -> None:
    note = reading_note("해질녘 바다", "clip-b32", ENGLISH)
    assert note is not None
    assert "clip-b32 doesn't read Korean" in note
    assert "siglip2-b32" in note


def test_there_is_no_note_where_none_is_needed() -> None:
    assert reading_note("a dog on a beach", "clip-b32", ENGLISH) is None


def test_the_catalogue_has_a_reader_for_every_writing() -> None:
    assert any(entry.languages == ("*",) for entry in CATALOGUE)
