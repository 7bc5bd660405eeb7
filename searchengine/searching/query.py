"""The query language: from a line to an expression.

    line    = every { "OR" every }
    every   = part { ["AND"] part }
    part    = { "-" | "NOT" } ( "(" line ")" [ weight ] | phrase [ weight ] | field | words )
    phrase  = '"' anything '"'                 with \\" and \\\\ for a quote and a backslash
    field   = name ":" ( phrase | value ) [ weight ]       a weight behind like: alone
    words   = word { word } | word weight      words that follow one another are one text
    weight  = "^" number

Plain words need none of this. What only looks like it stays what it is: `mother-in-law`, `don't`, `10:30`, `https://…`,
`note: …`. A name that is no field, with a colon and a text behind it, is a mistake rather than a text: nobody would
notice that it didn't filter. `OR`, `AND` and `NOT` are these in capitals alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum, auto

from searchengine.conditions import InFolder
from searchengine.errors import QueryError
from searchengine.searching.expression import (
    LEAST_WEIGHT,
    MOST_WEIGHT,
    QUOTES,
    WEIGHT,
    And,
    Expression,
    Field,
    Like,
    Not,
    Or,
    Text,
    all_of,
    negated,
    one_of,
    printed,
    quoted,
)
from searchengine.searching.fields import EXAMPLES, ValueMistake, condition

DEEPEST = 50
"""Parentheses in parentheses; more is no question of a person's."""

OTHER_NAMES = {
    "label": "tag:", "keyword": "tag:", "person": "tag:", "model": "camera:", "path": "folder:", "dir": "folder:",
    "in": "folder:", "type": "format:", "year": "date:", "taken": "date:", "after": "date:2019..",
    "since": "date:2019..", "before": "date:..2019", "until": "date:..2019", "place": "near:", "geo": "near:",
    "text": "caption:", "title": "caption:", "photo": "like:", "similar": "like:",
}  # fmt: skip  # a table reads best with its entries together
"""What other programs call fields, with what to write here."""

_NAME = re.compile(r"([^\W\d_]+):")
_COMPARED = re.compile(r"(width|height)\s*(?=[<>=])", re.IGNORECASE)
_WORD = re.compile(rf"[^\s()\x1c-\x1f{QUOTES}]+")
_BROKEN = re.compile("[\ud800-\udfff]")
"""A half of a surrogate pair, as which a command line's bytes come that aren't UTF-8."""


def parse(line: str) -> Expression:
    """What a line asks for. Raises QueryError, which says where the mistake is."""
    return _Parser(line).line()


def canonical(line: str) -> str:
    """The line as the query language writes it: the same for lines that say the same. Raises QueryError."""
    return printed(parse(line))


class _Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    OR = auto()
    AND = auto()
    NOT = auto()
    WORD = auto()  # one of a text
    WHOLE = auto()  # a part that stands for itself
    END = auto()


_OPERATORS = {"OR": _Kind.OR, "AND": _Kind.AND, "NOT": _Kind.NOT}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    start: int
    text: str = ""  # as it was written
    weight: float | None = None
    part: Text | Like | Field | None = None


def _is_path(part: Text | Like | Field | None) -> bool:
    """Whether it is a file's or folder's whole name on the disk, which any bytes may stand in."""
    return isinstance(part, Like) or (
        isinstance(part, Field) and isinstance(condition(part.name, part.value), InFolder)
    )


class _Parser:
    """One pass from left to right over one line."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._place = 0  # behind the token that is looked at
        self._depth = 0
        self._token = _Token(_Kind.END, 0)
        self._next()

    def line(self) -> Expression:
        if self._at(_Kind.END):
            raise self._mistake("Nothing was asked for.", "Give some words, or a photo to find the like of.")
        expression = self._alternatives()
        if not self._at(_Kind.END):
            raise self._mistake("This parenthesis closes nothing.", "Leave it out, or put it into quotes.")
        return expression

    # --- grammar ---

    def _alternatives(self) -> Expression:
        parts = [self._everything()]
        while self._at(_Kind.OR):
            self._next()
            parts.append(self._everything())
        return one_of(parts)

    def _everything(self) -> Expression:
        parts = [self._part()]
        while not self._at(_Kind.OR, _Kind.CLOSE, _Kind.END):
            if self._at(_Kind.AND):
                self._next()
            parts.append(self._part())
        return all_of(parts)

    def _part(self) -> Expression:
        negative = alone = False
        while self._at(_Kind.NOT):
            negative, alone = not negative, True
            self._next()
        part = self._words(alone=alone) if self._at(_Kind.WORD) else self._whole()
        return negated(part) if negative else part

    def _words(self, *, alone: bool) -> Expression:
        """Words that follow one another; behind a minus, and with a weight, a word is a text by itself."""
        words = [self._token.text]
        weight = self._token.weight
        self._next()
        while not alone and weight is None and self._at(_Kind.WORD) and self._token.weight is None:
            words.append(self._token.text)
            self._next()
        return Text(" ".join(words), weight=1.0 if weight is None else weight)

    def _whole(self) -> Expression:
        token = self._token
        if token.part is not None:
            self._next()
            return token.part
        if token.kind is _Kind.OPEN:
            return self._group()
        if token.kind is _Kind.END:
            raise self._mistake("Something is missing at the end.", "Add it, or leave out what stands before it.")
        if token.kind is _Kind.CLOSE:
            raise self._mistake("Something is missing before this parenthesis.", "Put words between the parentheses.")
        raise self._mistake(
            f"{token.text} joins what stands before and behind it, and something is missing there.",
            f'As a word, write it in quotes: "{token.text}"',
        )

    def _group(self) -> Expression:
        opened = self._token
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._mistake(f"There are more than {DEEPEST} parentheses in one another.", "Leave some out.")
        self._next()
        inner = self._alternatives()
        if not self._at(_Kind.CLOSE):
            raise self._mistake("This parenthesis isn't closed.", "Add a ) or put it into quotes.", opened.start)
        weight, place = self._token.weight, self._token.start + 1
        self._depth -= 1
        self._next()
        return inner if weight is None else self._weighted(inner, weight, place)

    def _weighted(self, part: Expression, weight: float, place: int) -> Expression:
        match part:
            case Text() | Like():
                return replace(part, weight=self._allowed(part.weight * weight, place))
            case Not(inner):
                return Not(self._weighted(inner, weight, place))
            case And(parts):
                return And(tuple(self._weighted(each, weight, place) for each in parts))
            case Or(parts):
                return Or(tuple(self._weighted(each, weight, place) for each in parts))
        return part

    # --- tokens ---

    def _at(self, *kinds: _Kind) -> bool:
        return self._token.kind in kinds

    def _next(self) -> None:
        self._token = self._read()
        broken = None if _is_path(self._token.part) else _BROKEN.search(self._line, self._token.start, self._place)
        if broken:
            raise self._mistake(
                "This is half a character, or a byte that isn't UTF-8.", "Write the character anew.", broken.start()
            )

    def _read(self) -> _Token:
        line = self._line
        while self._place < len(line) and line[self._place].isspace():
            self._place += 1
        start = self._place
        letter = line[start : start + 1]
        if not letter:
            return _Token(_Kind.END, start)
        if letter in "()":
            self._place += 1
            return _Token(_Kind.OPEN, start) if letter == "(" else _Token(_Kind.CLOSE, start, weight=self._weight())
        if letter == "-":
            return self._minus(start)
        if letter in QUOTES:
            words = self._quoted()
            if not words.strip():
                raise self._mistake("There is nothing between these quotes.", "Write words there.", start)
            return _Token(_Kind.WHOLE, start, part=Text(words, phrase=True, weight=self._weight() or 1.0))
        return self._field(start) or self._word(start)

    def _minus(self, start: int) -> _Token:
        following = self._line[start + 1 : start + 2]
        if not following or following.isspace() or following in "-)":
            raise self._mistake(
                "A minus stands directly before what must not fit, and nothing stands behind this one.",
                'Write -people, or put the minus into quotes: "-"',
                start,
            )
        self._place += 1
        return _Token(_Kind.NOT, start, "-")

    def _field(self, start: int) -> _Token | None:
        """A field with its value, if there is one here. Raises QueryError for what looks like one."""
        compared, named = _COMPARED.match(self._line, start), _NAME.match(self._line, start)
        if compared:
            name = compared[1].lower()
            raise self._mistake(f"{name} needs a colon.", f"Write it like {EXAMPLES[name]}", start + len(compared[1]))
        if not named:
            return None
        name, behind = named[1].lower(), self._line[named.end() :]
        if name not in EXAMPLES:
            if not behind or behind[0].isspace() or behind.startswith("//"):
                return None
            raise self._unknown(named[1], start)
        self._place = named.end()
        value = self._quoted() if behind[:1] and behind[0] in QUOTES else self._value()
        if name == "like":
            if not value.strip():
                raise self._mistake("There is nothing behind like:", f"Write it like {EXAMPLES['like']}", named.end())
            return _Token(_Kind.WHOLE, start, part=Like(value, self._weight() or 1.0))
        try:
            condition(name, value)
        except ValueMistake as error:
            raise self._mistake(error.what, error.suggestion, named.end()) from error
        if self._line[self._place : self._place + 1] == "^":
            raise self._mistake(
                "A photo satisfies a condition or it doesn't: it has no weight.", "Leave it out.", self._place
            )
        return _Token(_Kind.WHOLE, start, part=Field(name, value))

    def _value(self) -> str:
        """A value without quotes: up to a space, or to a parenthesis that wasn't opened in it."""
        start, open_ones = self._place, 0
        for letter in self._line[start:]:
            open_ones += (letter == "(") - (letter == ")")
            if letter.isspace() or letter in QUOTES or open_ones < 0:
                break
            self._place += 1
        value = self._line[start : self._place]
        weight = re.search(WEIGHT.pattern + r"\Z", value)
        if weight:
            self._place = start + weight.start()
        return value[: weight.start()] if weight else value

    def _word(self, start: int) -> _Token:
        found = _WORD.match(self._line, start)
        text = found[0] if found else self._line[start]
        word, hat, _ = text.partition("^")
        if not hat:
            self._place = start + len(text)
            return _Token(_OPERATORS.get(text, _Kind.WORD), start, text)
        self._place = start + len(word)
        weight = self._weight() if word not in ("", *_OPERATORS) else None
        if weight is None or self._place < start + len(text):
            raise self._no_weight(start + len(word))
        return _Token(_Kind.WORD, start, word, weight)

    def _quoted(self) -> str:
        """What stands between quotes, where the first of them is."""
        start = self._place
        text = ""
        place = start + 1
        while place < len(self._line):
            letter = self._line[place]
            if letter in QUOTES:
                self._place = place + 1
                return text
            if letter == "\\" and self._line[place + 1 : place + 2] in [*QUOTES, "\\"]:
                place += 1
                letter = self._line[place]
            text += letter
            place += 1
        raise self._mistake("This quote isn't closed.", 'Add a " where the phrase ends, or leave it out.', start)

    def _weight(self) -> float | None:
        """A weight, if one stands here."""
        if self._line[self._place : self._place + 1] != "^":
            return None
        found = WEIGHT.match(self._line, self._place)
        if not found:
            raise self._no_weight(self._place)
        weight = self._allowed(float(found[1]), self._place)
        self._place = found.end()
        return weight

    def _allowed(self, weight: float, place: int) -> float:
        if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
            raise self._mistake("A weight is from 0.01 to 100.", "Write beach^2 for twice the usual weight.", place)
        return weight

    # --- mistakes ---

    def _mistake(self, what: str, suggestion: str, place: int | None = None) -> QueryError:
        return QueryError(self._line, self._token.start if place is None else place, what, suggestion)

    def _no_weight(self, place: int) -> QueryError:
        return self._mistake(
            "A weight is a number behind ^, as in beach^2.", "Put it into quotes if it is a part of the text.", place
        )

    def _unknown(self, name: str, start: int) -> QueryError:
        near = get_close_matches(name.lower(), EXAMPLES, n=1)
        meant = OTHER_NAMES.get(name.lower()) or (f"{near[0]}:" if near else "")
        word = _WORD.match(self._line, start)
        as_text = f"As a text, write it in quotes: {quoted(word[0] if word else name)}"
        return self._mistake(
            f"There is no field {name}:", f"Did you mean {meant}? {as_text}" if meant else as_text, start
        )
