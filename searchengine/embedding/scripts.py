"""Which writing a query is in, and whether a model reads it.

A model that was trained on English alone still gives a vector for a Korean query, but one that means nothing; a person
should be told, and told which model would understand.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

from searchengine.embedding.catalog import CATALOGUE, EVERY_LANGUAGE


@dataclass(frozen=True, slots=True)
class Script:
    """A writing system."""

    letters: tuple[str, ...]  # how the Unicode names of its letters begin
    name: str  # what a person would call a text in it
    languages: tuple[str, ...]  # a model that knows one of these reads it


_KANA = Script(("HIRAGANA", "KATAKANA"), "Japanese", ("ja",))
_IDEOGRAPHS = Script(("CJK", "KANGXI"), "Chinese", ("zh", "ja"))

SCRIPTS = (
    Script(("HANGUL",), "Korean", ("ko",)),
    _KANA,
    _IDEOGRAPHS,
    Script(("CYRILLIC",), "Cyrillic", ("ru", "uk", "bg", "sr", "mk", "be", "kk")),
    Script(("GREEK",), "Greek", ("el",)),
    Script(("ARABIC",), "Arabic", ("ar", "fa", "ur")),
    Script(("HEBREW",), "Hebrew", ("he", "yi")),
    Script(("DEVANAGARI",), "Hindi", ("hi", "mr", "ne")),
    Script(("BENGALI",), "Bengali", ("bn", "as")),
    Script(("TAMIL",), "Tamil", ("ta",)),
    Script(("TELUGU",), "Telugu", ("te",)),
    Script(("THAI",), "Thai", ("th",)),
    Script(("GEORGIAN",), "Georgian", ("ka",)),
    Script(("ARMENIAN",), "Armenian", ("hy",)),
    Script(("KHMER",), "Khmer", ("km",)),
    Script(("MYANMAR",), "Burmese", ("my",)),
    Script(("ETHIOPIC",), "Amharic", ("am",)),
)
"""The common ones; Latin is not here, since every model reads it."""


def unread_script(text: str, languages: tuple[str, ...]) -> str | None:
    """The name of the writing in `text` that a model of these languages doesn't read, such as "Korean"; else None.

    Where there are several, the one with the most letters. A model whose languages are unknown (empty) is taken at its
    word.
    """
    if not languages or languages == EVERY_LANGUAGE:
        return None
    counts = Counter(script for letter in text if (script := _script(letter)) is not None)
    if counts[_KANA]:  # Japanese is written in both
        counts[_KANA] += counts.pop(_IDEOGRAPHS, 0)
    unread = [script.name for script, _ in counts.most_common() if not set(script.languages) & set(languages)]
    return unread[0] if unread else None


def reading_note(text: str, model: str, languages: tuple[str, ...]) -> str | None:
    """A sentence for the person whose query `model` doesn't read, and a model that does; None where it is read."""
    script = unread_script(text, languages)
    if script is None:
        return None
    reader = next(entry for entry in CATALOGUE if unread_script(text, entry.languages) is None)
    return (
        f"The model {model} doesn't read {script}, so this answer means little; {reader.name} does: "
        f"`searchengine models pull {reader.name}`, then `searchengine models use {reader.name}`."
    )


def _script(letter: str) -> Script | None:
    if not letter.isalpha():
        return None
    name = unicodedata.name(letter, "")
    return next((script for script in SCRIPTS if name.startswith(script.letters)), None)
