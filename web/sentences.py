"""What the library says in English, its mistakes and its notes, in the language that the person's browser prefers.

The library knows no languages; it says whole English sentences. A catalogue in `translations/library`, named after its
language, holds them with {} in the place of a value and {said} in that of something that the library said, too. A
sentence is known by the rest of it; one that no catalogue holds stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po

from web.texts import TRANSLATIONS, language

if TYPE_CHECKING:
    from flask import Flask

CATALOGUES = TRANSLATIONS / "library"

LIST = "; "
"""What stands between several that were said at one place."""

_PLACE = re.compile(r"\{(?:said)?\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a catalogue."""

    pattern: re.Pattern[str]  # a group for each place
    said: tuple[bool, ...]  # for each place whether what stands there was said by the library, too
    translation: str  # with {0} for the first place, {1} for the second; it may leave some out


def install(app: Flask) -> None:
    """Let templates translate what the library said, by the filter `translated`."""
    _languages()  # a damaged catalogue shows now, not on a page
    app.jinja_env.filters["translated"] = translated


def translated(said: str) -> str:
    """What the library said, in that language: one sentence, or what happened and then what to do about it."""
    for end in re.finditer(r"(?<=[.:?]) ", said):  # first, for a value at the end of one would take in the other
        first, second = _one(said[: end.start()]), _one(said[end.end() :])
        if first and second:
            return f"{first} {second}"
    return _one(said) or said


def _one(said: str) -> str | None:
    """One sentence in that language; None where it isn't in the catalogue."""
    for sentence in _languages().get(language().locale.language, ()):
        if found := sentence.pattern.fullmatch(said):
            values = [_list(value) if own else value for value, own in zip(found.groups(), sentence.said, strict=True)]
            return sentence.translation.format(*values)
    return None


def _list(said: str) -> str:
    return LIST.join(_one(each) or each for each in said.split(LIST))


@cache
def _languages() -> dict[str, tuple[Sentence, ...]]:
    """The sentences of each language by its code, those first that have the most words of their own."""
    return {path.stem: tuple(_read(path)) for path in sorted(CATALOGUES.glob("*.po"))}


def _read(path: Path) -> Iterator[Sentence]:
    with path.open("rb") as file:
        texts = {str(message.id): str(message.string) for message in read_po(file, abort_invalid=True) if message.id}
    for text in sorted(texts, key=lambda text: len(_PLACE.sub("", text)), reverse=True):
        yield _sentence(text, texts[text])


def _sentence(text: str, translation: str) -> Sentence:
    pattern = "(.*?)".join(map(re.escape, _PLACE.split(text)))
    said = tuple(place == "{said}" for place in _PLACE.findall(text))
    return Sentence(re.compile(pattern, re.DOTALL), said, translation)
