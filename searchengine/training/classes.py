"""The names of the ImageNet classes in everyday words, which lie in `data/vocabularies/`."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from searchengine.resources import data_folder

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
