"""The vocabulary: the words that photos are labelled with, the shipped ones and a person's own, read and put together.

The form of such a file stands at the head of `data/vocabularies/photos.txt`. Beside it lies `frequency.txt`: in how
many captions of everyday photos each label stands, since what is photographed often is the likelier label. What the
words look like to a model is `label_vectors`' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from searchengine.errors import printable
from searchengine.photos.files import reason_of
from searchengine.resources import data_folder

if TYPE_CHECKING:
    from pathlib import Path

OWN_FILE = "vocabulary.txt"
"""The name of a person's own vocabulary, in their library's folder."""

UNHEARD_OF = 25
"""The frequency of a person's own labels: they are expected to be met."""

LONGEST = 60
"""Characters of a word; what is longer is a sentence, and no label."""


@dataclass(frozen=True, slots=True)
class Word:
    """A label with the other words for it."""

    name: str
    also: tuple[str, ...] = ()
    category: str = ""
    frequency: int = 0  # of 25,014 captions of everyday photos, those that have it or another word for it

    @property
    def wordings(self) -> tuple[str, ...]:
        """Every word for it, its own first."""
        return (self.name, *self.also)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words to label photos with; no two of them, other words included, are the same in any case."""

    words: tuple[Word, ...]
    problems: tuple[str, ...] = ()  # what is wrong with single lines, a sentence each


@dataclass(slots=True)
class _File:
    """What one file says."""

    words: list[Word] = field(default_factory=list)
    off: list[tuple[int, str]] = field(default_factory=list)  # labels not to be given, with the numbers of their lines
    problems: list[str] = field(default_factory=list)


def shipped_file() -> Path:
    """Where the shipped vocabulary lies."""
    return data_folder() / "vocabularies" / "photos.txt"


def frequency_file() -> Path:
    """Where it stands how frequent the shipped labels are."""
    return data_folder() / "vocabularies" / "frequency.txt"


def shipped_words() -> tuple[Word, ...]:
    """The words that come with the program."""
    return tuple(_read(shipped_file(), frequencies(), 0).words)


def read_vocabulary(own: Path) -> Vocabulary:
    """The shipped words and, where there is such a file, a person's own, which go before.

    A line of a person's own that is no use is named and left out, so that a slip of the pen never stops a run.
    """
    frequency = frequencies()
    shipped, mine = _read(shipped_file(), frequency, 0), _File()
    if own.exists():
        try:
            mine = _read(own, frequency, UNHEARD_OF)
        except OSError as error:
            mine.problems.append(f"{printable(own)} can't be read: {reason_of(error)}.")
        except UnicodeDecodeError:
            mine.problems.append(f"{printable(own)} isn't text in UTF-8. Save it so.")
    known = {wording.casefold() for word in (*shipped.words, *mine.words) for wording in word.wordings}
    unknown = [
        f"{own.name}, line {line}: there is no label '{name}' to leave out."
        for line, name in mine.off
        if name.casefold() not in known
    ]
    taken = {wording.casefold() for word in mine.words for wording in word.wordings}
    taken |= {name.casefold() for _, name in mine.off}
    rest = [_without(word, taken) for word in shipped.words if word.name.casefold() not in taken]
    return Vocabulary((*mine.words, *rest), (*shipped.problems, *mine.problems, *unknown))


def frequencies() -> dict[str, int]:
    """In how many of 25,014 captions of everyday photos a label stands; those that stand in none are left out."""
    lines = frequency_file().read_text("utf-8").splitlines()
    pairs = (line.rpartition(":") for line in lines if line and not line.startswith("#"))
    return {label: int(count) for label, _, count in pairs}


def write_frequencies(words: Sequence[Word], counts: Sequence[int]) -> None:
    """Write down in how many captions each of the shipped words stands."""
    rows = sorted((word.name.casefold(), count) for word, count in zip(words, counts, strict=True) if count)
    head = (
        "# In how many of the 25,014 captions of COCO val2017 (https://cocodataset.org, CC BY 4.0) each label stands,\n"
        "# or another word for it; counted by `searchengine train vocabulary`.\n"
    )
    frequency_file().write_text(head + "".join(f"{name}: {count}\n" for name, count in rows), "utf-8")


def _read(path: Path, frequency: Mapping[str, int], unheard_of: int) -> _File:
    """The lines of one file. Raises OSError and UnicodeDecodeError."""
    found = _File()
    category = ""
    lines: dict[str, int] = {}  # of every word
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]") and text[1:-1].strip():
            category = text[1:-1].strip()
            continue
        if text.startswith("-"):
            found.off.append((number, text[1:].strip()))
            continue
        name, _, others = text.partition(":")
        wordings = [word.strip() for word in (name, *others.split(",")) if word.strip()]
        wrong = _wrong_with(name.strip(), wordings, lines)
        if wrong:
            found.problems.append(f"{path.name}, line {number}: {wrong}")
            continue
        lines |= dict.fromkeys((word.casefold() for word in wordings), number)
        found.words.append(
            Word(wordings[0], tuple(wordings[1:]), category, frequency.get(wordings[0].casefold(), unheard_of))
        )
    return found


def _wrong_with(name: str, wordings: list[str], lines: dict[str, int]) -> str | None:
    """Why a line is no use; None when it is."""
    if not name or name.startswith("["):
        return "a line is a label, or a label, a colon and other words for it; a category stands in [brackets]."
    for word in wordings:
        if len(word) > LONGEST or not word.isprintable():
            return f"'{word[:LONGEST]}' is too long for a label or can't be printed."
        if word.casefold() in lines:
            return f"'{word}' stands on line {lines[word.casefold()]} already."
    if len({word.casefold() for word in wordings}) < len(wordings):
        return "a word stands there twice."
    return None


def _without(word: Word, taken: set[str]) -> Word:
    """A shipped word without those of its other words that a person has used otherwise."""
    return replace(word, also=tuple(other for other in word.also if other.casefold() not in taken))
