"""From an expression to a plan: alternatives, each of which is one search.

The expression is brought into its disjunctive normal form: *not* moves inwards by De Morgan's laws, and *and* is
distributed over *or*. What is left of each alternative are things asked for, things that must not fit, and conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import TypeAlias

from searchengine.conditions import Condition, Fact
from searchengine.conditions import Not as NotSo
from searchengine.errors import UsageError
from searchengine.records import PhotoData
from searchengine.searching.expression import And, Expression, Field, Like, Not, Or, Text
from searchengine.searching.fields import condition
from searchengine.searching.query import parse

MOST_ALTERNATIVES = 32
"""Each costs a search, and what comes to more was meant otherwise."""

LONGEST_ID = 18
"""Digits that a number of the database may have."""


@dataclass(frozen=True, slots=True)
class LikePhoto:
    """A photo that others should look like."""

    photo: Path | int | PhotoData
    weight: float = 1.0


Asked: TypeAlias = Text | LikePhoto


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way of satisfying a query: everything in it at once."""

    asked: tuple[Asked, ...] = ()
    excluded: tuple[Asked, ...] = ()  # what must not fit well
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is answered; a photo counts as what it is in the alternative that it fits best."""

    alternatives: tuple[Alternative, ...]

    @property
    def by_content(self) -> bool:
        """Whether a picture's content is asked for, so that hits fit more or less well."""
        return any(alternative.asked for alternative in self.alternatives)


def plan(
    line: str | None,
    likes: Iterable[Path | int | PhotoData] = (),
    conditions: Sequence[Condition] = (),
    *,
    everything: bool = False,
) -> Plan:
    """The plan for a line of the query language with photos and conditions that hold besides.

    Raises QueryError, and UsageError when the line comes to too many alternatives, or when nothing is asked: with
    `everything`, that is all photos.
    """
    beside = tuple(LikePhoto(photo) for photo in likes)
    found = _alternatives(parse(line), wanted=True) if line and line.strip() else [()]
    alternatives = [_alternative(literals, beside, tuple(conditions)) for literals in found]
    if alternatives == [Alternative()] and not everything:
        raise UsageError("Nothing was asked for.", "Give some words, or a photo to find the like of.")
    return Plan(tuple(dict.fromkeys(alternatives)))


_Literal: TypeAlias = tuple[Text | Like | Field, bool]
"""A part that can't be taken apart, and whether it is wanted."""


def _alternatives(expression: Expression, *, wanted: bool) -> list[tuple[_Literal, ...]]:
    match expression:
        case Not(part):
            return _alternatives(part, wanted=not wanted)
        case And(parts) | Or(parts):
            inner = [_alternatives(part, wanted=wanted) for part in parts]
            if isinstance(expression, Or) is wanted:
                joined = [literals for alternatives in inner for literals in alternatives]
                _check(len(joined))
                return joined
            _check(prod(map(len, inner)))
            return [tuple(literal for literals in one for literal in literals) for one in product(*inner)]
        case _:
            return [((expression, wanted),)]


def _check(alternatives: int) -> None:
    if alternatives > MOST_ALTERNATIVES:
        raise UsageError(
            f"The query comes to {alternatives} alternatives, and {MOST_ALTERNATIVES} are the most.",
            "Ask with fewer OR, or in several searches.",
        )


def _alternative(
    literals: tuple[_Literal, ...], beside: tuple[LikePhoto, ...], conditions: tuple[Condition, ...]
) -> Alternative:
    asked: list[Asked] = []
    excluded: list[Asked] = []
    facts: list[Condition] = []
    for part, wanted in dict.fromkeys(literals):
        if isinstance(part, Field):
            fact: Fact = condition(part.name, part.value)
            facts.append(fact if wanted else NotSo(fact))
        else:
            (asked if wanted else excluded).append(part if isinstance(part, Text) else _like(part))
    return Alternative((*asked, *beside), tuple(excluded), (*facts, *conditions))


def _like(like: Like) -> LikePhoto:
    """A number is an id; a file of that name is `./12`."""
    number = like.photo.isascii() and like.photo.isdecimal() and len(like.photo) <= LONGEST_ID
    return LikePhoto(int(like.photo) if number else Path(like.photo), like.weight)
