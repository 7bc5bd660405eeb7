"""Why a photo was found: which words of the query it fits.

What a word adds to a query is seen by leaving it out: the direction from the query without it to the whole one. How far
a photo goes in that direction, compared with the library's other photos, is how well it fits the word. All it takes of
a model is its text tower, in one batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.contributions import contributions

if TYPE_CHECKING:
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Vectors
    from searchengine.searching.expression import Text

LEVELS = (0.5, 1.0, 2.0)
"""Standard deviations from which a word counts as fitting a little, well and very well.

Of 3,216 words of 80 captions and the photos found for them, others' photos, those below 0.5 stand in 16 % of the
photos' own captions, then 29 %, then 45 %, and from 2 on 64 %.
"""

_SILENT = frozenset(
    {
        "a", "an", "the", "some", "this", "that", "these", "those", "his", "her", "hers", "its", "their", "theirs",
        "my", "mine", "our", "ours", "your", "yours", "of", "in", "on", "at", "to", "from", "with", "without", "by",
        "for", "into", "onto", "over", "under", "near", "and", "or", "is", "are", "was", "were", "be", "being",
        "been", "am", "has", "have", "it", "he", "she", "they", "we", "i", "you", "as", "while", "there",
    }
)  # fmt: skip  # a list of words, not one to a line
"""English words that show in no picture by themselves."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class WordFit:
    """How well a photo fits one word, or one phrase, of a query."""

    words: str
    deviations: float  # how far it goes along with what they add; of the library's photos, the ordinary is at 0

    @property
    def level(self) -> int:
        """0 (not at all) to 3 (very well)."""
        return sum(self.deviations >= least for least in LEVELS)


def why(
    asked: Sequence[Text], photos: Vectors, encode: Callable[[Sequence[str]], Vectors], yardstick: Yardstick
) -> list[tuple[WordFit, ...]]:
    """For each photo, float32 (n, dim), how well it fits the words that were asked for, in their order.

    `encode` gives sentences' vectors, float32 (m, dim), and is called once.
    """
    terms = [_terms(each) for each in asked]
    sentences = list(
        dict.fromkeys([each.words for each in asked] + [rest for each in terms for _, rest in each if rest])
    )
    vectors = dict(zip(sentences, encode(sentences), strict=True)) if sentences else {}
    nothing = yardstick.background.mean(axis=0)  # what a query is that asks for nothing in particular
    fits: list[list[WordFit]] = [[] for _ in photos]
    for each, own in zip(asked, terms, strict=True):
        without = np.stack([vectors[rest] if rest else nothing for _, rest in own])
        found = contributions(yardstick, vectors[each.words], without, photos)  # (n, terms)
        for row, fit in zip(found, fits, strict=True):
            fit += [WordFit(words, float(far)) for (words, _), far in zip(own, row, strict=True)]
    return [tuple(fit) for fit in fits]


def _terms(asked: Text) -> list[tuple[str, str]]:
    """The words to tell of, each with the text without it; a text that is one thing is told of as a whole."""
    words = [found for found in _WORD.finditer(asked.words) if found[0].casefold() not in _SILENT]
    if asked.phrase or len(words) < 2:
        return [(words[0][0] if len(words) == 1 and not asked.phrase else asked.words.strip(), "")]
    return [(word[0], f"{asked.words[: word.start()]} {asked.words[word.end() :]}".strip()) for word in words]
