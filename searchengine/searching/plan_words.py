"""A plan as a person reads it: how a query was understood."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, assert_never

from searchengine.conditions import (
    HasCamera,
    HasCaption,
    HasFormat,
    HasLabel,
    InAlbum,
    InFolder,
    InFolderNamed,
    Is,
    Measures,
    Near,
    Not,
    Taken,
)
from searchengine.errors import printable
from searchengine.records import PhotoData
from searchengine.searching.expression import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.conditions import Condition
    from searchengine.searching.plan import Alternative, Asked, Plan


def in_words(plan: Plan) -> str:
    """The plan, a line for each of its parts."""
    several = len(plan.alternatives) > 1
    lines = []
    for number, alternative in enumerate(plan.alternatives, 1):
        if several:
            lines.append(f"{'either' if number == 1 else 'or'}")
        lines += [f"  {line}" if several else line for line in _lines(alternative)]
    return "\n".join(lines)


def as_values(plan: Plan) -> list[dict[str, list[str]]]:
    """The plan as plain values, for programs."""
    return [
        {
            "asked": [_asked(part) for part in alternative.asked],
            "excluded": [_asked(part) for part in alternative.excluded],
            "conditions": [condition_in_words(each) for each in alternative.conditions],
        }
        for alternative in plan.alternatives
    ]


def _lines(alternative: Alternative) -> Iterator[str]:
    yield from (f"fits            {_asked(part)}" for part in alternative.asked)
    yield from (f"must not fit    {_asked(part)}" for part in alternative.excluded)
    yield from (f"satisfies       {condition_in_words(each)}" for each in alternative.conditions)


def _asked(part: Asked) -> str:
    weight = "" if part.weight == 1 else f", weight {part.weight:g}"
    if isinstance(part, Text):
        return f"“{part.words}”{' (must fit)' if part.phrase else ''}{weight}"
    if isinstance(part.photo, PhotoData):
        return f"the photo {part.photo.name}{weight}"
    return f"the photo {part.photo if isinstance(part.photo, int) else printable(part.photo)}{weight}"


def condition_in_words(condition: Condition) -> str:
    """One condition, as it follows a colon."""
    match condition:
        case Not(fact):
            return f"not: {condition_in_words(fact)}"
        case Taken(after, None):
            return f"taken from {after:%Y-%m-%d %H:%M}"
        case Taken(None, before):
            return f"taken before {before:%Y-%m-%d %H:%M}"
        case Taken(after, before):
            return f"taken from {after:%Y-%m-%d %H:%M} before {before:%Y-%m-%d %H:%M}"
        case InFolder(path):
            return f"in the folder {printable(path)}"
        case InFolderNamed(name):
            return f"in a folder named {name.replace(os.sep, '/')}"
        case HasFormat(name):
            return f"format {name}"
        case HasCamera(part):
            return f"camera with “{part}” in its name"
        case HasCaption(part):
            return f"caption with “{part}” in it"
        case HasLabel(name):
            return f"label “{name}”"
        case InAlbum(name):
            return f"in the album “{name}”"
        case Near(latitude, longitude, kilometres):
            return f"taken within {kilometres:g} km of {latitude:g}, {longitude:g}"
        case Measures(side, at_least, None):
            return f"{side} at least {at_least} pixels"
        case Measures(side, None, at_most):
            return f"{side} at most {at_most} pixels"
        case Measures(side, at_least, at_most):
            return f"{side} from {at_least} to {at_most} pixels"
        case Is(kind):
            return f"is {kind}"
        case _:
            assert_never(condition)
