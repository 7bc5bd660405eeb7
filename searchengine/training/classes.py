"""The names of the ImageNet classes in everyday words, and the sentences that prompt templates make of names.

The words lie in `data/vocabularies/`, the templates in `data/prompts/`; here they are read and combined.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from searchengine.errors import UsageError
from searchengine.resources import data_folder
from searchengine.training.data import read_lines

EVERYDAY = "imagenet_everyday.csv"


@dataclass(frozen=True, slots=True)
class ClassName:
    """One class of ImageNet."""

    label: str  # its WordNet name: "tench"
    everyday: tuple[str, ...]  # what people call such a thing: "freshwater fish", "fish"

    @property
    def words(self) -> tuple[str, ...]:
        """Every name it goes by."""
        return (self.label, *self.everyday)


def imagenet_classes() -> list[ClassName]:
    """The 1,000 classes in their usual order (by WordNet id)."""
    path = data_folder() / "vocabularies" / EVERYDAY
    with path.open(encoding="utf-8", newline="") as file:
        return [ClassName(row["label"], tuple(row["everyday"].split(";"))) for row in csv.DictReader(file)]


def prompt_sets() -> list[str]:
    """The names of the sets of prompt templates that are shipped."""
    return sorted(path.stem for path in (data_folder() / "prompts").glob("*.txt"))


def prompt_templates(name: str = "general") -> list[str]:
    """The templates of a set, each with one `{}` for the class's name. Raises UsageError for an unknown set."""
    if name not in prompt_sets():
        raise UsageError(f"There are no prompts called {name}.", f"There are: {', '.join(prompt_sets())}.")
    return read_lines(data_folder() / "prompts" / f"{name}.txt")


def sentences(name: str, templates: Sequence[str]) -> list[str]:
    """A class's name in every template."""
    return [template.replace("{}", name) for template in templates]
