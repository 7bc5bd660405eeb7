"""A second look at the first hits: each photo read together with the words, which is slow and tells more.

The hits are what retrieval found; here they are only put in another order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import PhotoUnreadableError, UsageError
from searchengine.photos.indexed import pixels_of
from searchengine.searching.expression import And, Expression, Or, Text
from searchengine.searching.query import parse

if TYPE_CHECKING:
    from searchengine.embedding.matcher import Matcher
    from searchengine.records import Hit, Results

FIRST = 50
"""Hits that are looked at; the others stay behind them."""
AT_ONCE = 8
"""Pictures in memory at a time."""
MOST_WORDINGS = 8
"""Alternatives of a line that are asked about, each of which costs a pass over the hits."""


def wordings(line: str | None) -> list[str]:
    """What a line asks for in words, a sentence for each of its alternatives.

    Raises QueryError for a mistake in it, UsageError when it has no words.
    """
    found = [text for text in _spoken(parse(line)) if text] if line and line.strip() else []
    if not found:
        raise UsageError("Re-ranking takes words, and none were asked for.", "Give some, or leave --rerank out.")
    return list(dict.fromkeys(found))[:MOST_WORDINGS]


def reranked(results: Results, texts: list[str], matcher: Matcher) -> Results:
    """The answer with its first hits ordered by how well the best of the texts matches them.

    A photo that can't be read comes after them, and a note says so. Raises ModelError in its kinds.
    """
    first, unread = results.hits[:FIRST], 0
    matched: list[Hit] = []
    left: list[Hit] = []
    for start in range(0, len(first), AT_ONCE):
        pictures = []
        lot: list[Hit] = []
        for hit in first[start : start + AT_ONCE]:
            try:
                pictures.append(pixels_of(hit.photo, matcher.at_least))
                lot.append(hit)
            except PhotoUnreadableError:
                unread += 1
                left.append(hit)
        if lot:
            match = np.max([matcher.match(text, pictures) for text in texts], axis=0)
            matched += [replace(hit, match=float(sure)) for hit, sure in zip(lot, match, strict=True)]
    matched.sort(key=lambda hit: -(hit.match or 0))  # stable: of equals, the first stays first
    note = f"{unread} of the first {len(first)} photos couldn't be looked at again; they come after the others."
    hits, notes = (*matched, *left, *results.hits[FIRST:]), (*results.notes, *([note] if unread else []))
    return replace(results, hits=hits, notes=notes)


def _spoken(part: Expression) -> list[str]:
    """The words of a part, for each of its alternatives; empty where it has none."""
    match part:
        case Text(words):
            return [words]
        case Or(parts):
            return [text for each in parts for text in _spoken(each)]
        case And(parts):
            joined = [""]
            for each in parts:
                joined = [", ".join(filter(None, (before, text))) for before in joined for text in _spoken(each)]
                joined = joined[:MOST_WORDINGS]
            return joined
        case _:
            return [""]
