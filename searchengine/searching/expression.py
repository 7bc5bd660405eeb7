"""What a line of the query language says, as a tree of plain records, and how each is written.

`printed` is the canonical form: parsed again, it is the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, assert_never

QUOTES = '"“”„'
"""Any of them opens and closes: programs for writing turn the straight one into the others."""

WEIGHT = re.compile(r"\^(\d+(?:\.\d+)?)", re.ASCII)
LEAST_WEIGHT, MOST_WEIGHT = 0.01, 100.0


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a photo should fit; a phrase is words that it must fit."""

    words: str  # with single spaces, unless it is a phrase
    phrase: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Like:
    """A photo that others should look like, by its path or id."""

    photo: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Field:
    """A condition as it was written; `fields.condition` knows what it means."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    part: Expression  # no Not itself


@dataclass(frozen=True, slots=True)
class And:
    """Everything at once: two parts or more, none of them an And."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One or the other: two parts or more, none of them an Or."""

    parts: tuple[Expression, ...]


Leaf: TypeAlias = Text | Like | Field
"""A part that has no parts."""

Expression: TypeAlias = Leaf | Not | And | Or


def all_of(parts: list[Expression]) -> Expression:
    """Everything at once, as flat as it can be; of one part, that part."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return And(tuple(flat)) if len(flat) > 1 else flat[0]


def one_of(parts: list[Expression]) -> Expression:
    """One or the other, as flat as it can be; of one part, that part."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))]
    return Or(tuple(flat)) if len(flat) > 1 else flat[0]


def negated(part: Expression) -> Expression:
    """The opposite."""
    return part.part if isinstance(part, Not) else Not(part)


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Every part that has no parts, from left to right."""
    match expression:
        case Not(part):
            yield from leaves(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield expression


def rewritten(expression: Expression, change: Callable[[Leaf], Leaf]) -> Expression:
    """The expression with each part that has no parts as `change` makes it."""
    match expression:
        case Not(part):
            return Not(rewritten(part, change))
        case And(parts):
            return And(tuple(rewritten(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(rewritten(part, change) for part in parts))
        case _:
            return change(expression)


def printed(expression: Expression) -> str:
    """An expression as the query language writes it."""
    match expression:
        case Text(words, phrase=True, weight=weight):
            return quoted(words) + _weight(weight)
        case Text(words, weight=weight):
            return words if weight == 1 else (f"({words})" if " " in words else words) + _weight(weight)
        case Like(photo, weight):
            return f"like:{_value(photo)}{_weight(weight)}"
        case Field(name, value):
            return f"{name}:{_value(value)}"
        case Not(part):
            several = isinstance(part, And | Or) or (_bare(part) and " " in printed(part))
            return f"-({printed(part)})" if several else f"-{printed(part)}"
        case And(parts):
            text = _enclosed(parts[0])
            for before, part in pairwise(parts):
                # Words after words would be read as one text, and `-height =4` as a field without its colon.
                apart = _bare(before.part if isinstance(before, Not) else before) and _bare(part)
                text += (" AND " if apart else " ") + _enclosed(part)
            return text
        case Or(parts):
            return " OR ".join(map(printed, parts))
        case _:
            assert_never(expression)


def quoted(text: str) -> str:
    """A text in quotes."""
    return '"' + re.sub(rf"([\\{QUOTES}])", r"\\\1", text) + '"'


def _bare(part: Expression) -> bool:
    """Whether it is written as words and nothing else."""
    return isinstance(part, Text) and not part.phrase and part.weight == 1


def _enclosed(part: Expression) -> str:
    return f"({printed(part)})" if isinstance(part, Or) else printed(part)


def _value(value: str) -> str:
    plain = not re.search(rf"[\s()\x1c-\x1f{QUOTES}]", value) and not re.search(WEIGHT.pattern + r"\Z", value)
    return value if plain else quoted(value)


def _weight(weight: float) -> str:
    return "" if weight == 1 else f"^{int(weight) if weight.is_integer() else weight!r}"
