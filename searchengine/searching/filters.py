"""The conditions of a line that can be taken off it one by one, as a page shows them beside the answer."""

from __future__ import annotations

from dataclasses import dataclass

from searchengine.searching.expression import And, Expression, Field, Not, all_of, printed
from searchengine.searching.query import parse


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that everything in the answer satisfies."""

    text: str  # as the query language writes it: "date:2019-07", "-is:raw"
    without: str  # the line without it; empty where nothing else was asked


def filters(line: str) -> tuple[Filter, ...]:
    """The conditions that a line sets for the whole of its answer, from left to right. Raises QueryError.

    One within an OR is none of them: without it, the line would ask for something else rather than for more.
    """
    if not line.strip():
        return ()
    expression = parse(line)
    parts = expression.parts if isinstance(expression, And) else (expression,)
    return tuple(
        Filter(printed(part), _joined([*parts[:place], *parts[place + 1 :]]))
        for place, part in enumerate(parts)
        if isinstance(part.part if isinstance(part, Not) else part, Field)
    )


def _joined(parts: list[Expression]) -> str:
    return printed(all_of(parts)) if parts else ""
