"""Which labels captions name: the nearest to a truth about a photo's labels that captioned photos give.

People name what strikes them, not all that is to be seen: what two of five say is there, what none says may be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"[a-z0-9'-]+")
_IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese",
    "foot": "feet", "leaf": "leaves", "shelf": "shelves", "knife": "knives", "wolf": "wolves", "calf": "calves",
}  # fmt: skip


class Mentions:
    """Finds a vocabulary's labels in sentences: each label's words, in singular and plural, as whole words."""

    def __init__(self, labels: Sequence[Sequence[str]]) -> None:
        """`labels`: the words for each."""
        self._labels: dict[tuple[str, ...], set[int]] = {}
        for number, wordings in enumerate(labels):
            for wording in wordings:
                for form in _forms(wording.lower()):
                    self._labels.setdefault(tuple(_TOKEN.findall(form)), set()).add(number)
        self._count = len(labels)
        self._longest = max(map(len, self._labels), default=0)

    def __len__(self) -> int:
        return self._count

    def of(self, sentence: str) -> set[int]:
        """The positions of the labels that a sentence names."""
        return {label for run in self._runs(_TOKEN.findall(sentence.lower())) for label in self._labels.get(run, ())}

    def _runs(self, tokens: list[str]) -> Iterator[tuple[str, ...]]:
        """Every run of words that is no longer than the longest label."""
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + self._longest, len(tokens)) + 1):
                yield tuple(tokens[start:end])


def _forms(wording: str) -> Iterator[str]:
    """A word and its plurals, by the rules of English; a form that doesn't exist isn't met."""
    yield wording
    head, _, last = wording.rpartition(" ")
    before = f"{head} " if head else ""
    if last.endswith("ing"):
        return
    yield before + _IRREGULAR.get(last, f"{last}s")
    yield f"{before}{last}es"
    if last.endswith("y"):
        yield f"{before}{last[:-1]}ies"
