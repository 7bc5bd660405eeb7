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

from web.texts import TRANSLATIONS, language, read_catalogue

if TYPE_CHECKING:
    from flask import Flask

CATALOGUES = TRANSLATIONS / "library"

LIST = "; "
"""What stands between several that were said at one place."""

LONGEST = 2500
"""Letters beyond which a text is left as it is: to find its values takes longer with the square of its length."""

_PLACE = re.compile(r"\{(?:said)?\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a catalogue."""

    pattern: re.Pattern[str]  # a group for each place
    said: tuple[bool, ...]  # for each place whether what stands there was said by the library, too
    translation: str  # with {0} for the first place, {1} for the second; it may leave some out


def install(app: Flask) -> None:
    """Let templates translate what the library said, by the filters `translated` and `told`."""
    _languages()  # a damaged catalogue shows now, not on a page
    app.jinja_env.filters.update(translated=translated, told=told)


def translated(said: str) -> str:
    """One sentence that the library said, in that language."""
    return _translation(said) or said


def told(what: str, next_step: str = "") -> str:
    """What happened and what to do about it, in that language, in one line."""
    return f"{translated(what)} {translated(next_step)}".strip()


def _translation(said: str) -> str | None:
    if len(said) > LONGEST:
        return None
    for sentence in _languages().get(language().locale.language, ()):
        if found := sentence.pattern.fullmatch(said):
            values = [_list(value) if own else value for value, own in zip(found.groups(), sentence.said, strict=True)]
            return sentence.translation.format(*values)
    return None


def _list(said: str) -> str:
    """Several that were said at one place; where one isn't known it may be a value that was cut, and all stay."""
    each = [_translation(part) for part in said.split(LIST)]
    return LIST.join(part or "" for part in each) if all(each) else said


@cache
def _languages() -> dict[str, tuple[Sentence, ...]]:
    """The sentences of each language by its code, those first that have the most words of their own."""
    return {path.stem: tuple(_read(path)) for path in sorted(CATALOGUES.glob("*.po"))}


def _read(path: Path) -> Iterator[Sentence]:
    texts = {str(message.id): str(message.string) for message in read_catalogue(path) if message.id}
    for text in sorted(texts, key=lambda text: len(_PLACE.sub("", text)), reverse=True):
        yield _sentence(text, texts[text])


def _sentence(text: str, translation: str) -> Sentence:
    own, said = _PLACE.split(text), tuple(place == "{said}" for place in _PLACE.findall(text))
    # A value before something that was said takes all it can: a file may be called "This is me.jpg".
    groups = ["(.*)" if any(said) and not one else "(.*?)" for one in said]
    pattern = "".join(f"{re.escape(words)}{group}" for words, group in zip(own, [*groups, ""], strict=True))
    return Sentence(re.compile(pattern, re.DOTALL), said, translation)
