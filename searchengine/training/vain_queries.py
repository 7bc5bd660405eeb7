"""Queries that nothing in a library fits: nonsense, and real things that its photos don't show.

The words and sentences lie in `data/relevance/`; letters, signs and other scripts are drawn by chance.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence

from searchengine.resources import read_lines

EACH = 50
"""Queries of each kind of nonsense."""

SCRIPTS = (
    (0x4E00, 0x9FA5), (0x0430, 0x044F), (0x0627, 0x064A), (0x0905, 0x0939),
    (0xAC00, 0xD7A3), (0x3041, 0x3096), (0x05D0, 0x05EA), (0x0E01, 0x0E2E),
)  # fmt: skip  # a list reads best with its entries together
"""First and last letter of Chinese, Cyrillic, Arabic, Devanagari, Hangul, Hiragana, Hebrew and Thai."""


def nonsense(seed: int = 0) -> dict[str, list[str]]:
    """Queries that mean nothing or nothing to be seen, by kind."""
    draw = random.Random(seed)
    words = read_lines("relevance/words.txt")
    return {
        "random letters": [_letters(draw, string.ascii_lowercase) for _ in range(EACH)],
        "other scripts": [_letters(draw, _script(number)) for number in range(EACH)],
        "signs": [_one_word(draw, string.digits + string.punctuation, 12) for _ in range(EACH)],
        "word salad": [" ".join(draw.sample(words, draw.randint(3, 8))) for _ in range(EACH)],
        "abstract": read_lines("relevance/abstract.txt"),
    }


def absent(captions: Sequence[str]) -> list[str]:
    """Real things that no photo shows, as far as their captions say."""
    told = " ".join(captions).lower()
    found = []
    for line in read_lines("relevance/absent.txt"):
        query, _, words = line.partition("|")
        betraying = [word.strip() for word in (words or query).split(",")]
        if not any(re.search(rf"\b{re.escape(word)}(?:s|es)?\b", told) for word in betraying):
            found.append(query.strip())
    return found


def _letters(draw: random.Random, alphabet: str) -> str:
    return " ".join(_one_word(draw, alphabet, 10) for _ in range(draw.randint(1, 4)))


def _one_word(draw: random.Random, alphabet: str, longest: int) -> str:
    return "".join(draw.choice(alphabet) for _ in range(draw.randint(2, longest)))


def _script(number: int) -> str:
    first, last = SCRIPTS[number % len(SCRIPTS)]
    return "".join(map(chr, range(first, last + 1)))
