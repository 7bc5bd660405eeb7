"""The table in which a person shows photos for their own classes: which file, which class, and where that file is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import PhotoUnreadableError, UsageError, printable
from searchengine.photos.files import read, stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.settings import absolute
from searchengine.store.probes import Example
from searchengine.training.data import read_rows

if TYPE_CHECKING:
    from searchengine.store.database import Database


def read_examples(table: Path, database: Database) -> tuple[dict[str, list[Example]], list[str]]:
    """The examples of each class in a CSV with the columns image and label, and what is wrong with single lines.

    Images are named by their path: beside the CSV, in the folder `images` beside it, from the start of the disk, or in
    one of the library's folders. A photo may show several classes, on a line each; a class is one in any case. Raises
    UsageError for a CSV without these columns, and where nothing is left.
    """
    problems: list[str] = []
    found: dict[str, dict[bytes, Example]] = {}
    names: dict[str, str] = {}  # as first written, by the name that counts
    beside = absolute(table).parent
    folders = [beside, beside / "images", *(Path(os.fsdecode(root.path)) for root in database.roots.all())]
    for line, row in read_rows(table, ("image", "label"), problems):
        image, label = row["image"].strip(), " ".join(row["label"].split())
        if not image or not label:
            problems.append(f"{table.name}, line {line}: no {'label' if image else 'image'} is named.")
            continue
        example = _first([bytes(folder / image) for folder in folders], database)
        if isinstance(example, str):
            problems.append(f"{table.name}, line {line}: {image} can't be used: {example}.")
            continue
        name = names.setdefault(label.casefold(), label)
        found.setdefault(name, {})[example.fingerprint] = example
    if not found:
        raise UsageError(f"{printable(table)} shows no photo that can be used.", " ".join(problems[:3]))
    return {name: list(examples.values()) for name, examples in found.items()}, problems


def _first(places: list[bytes], database: Database) -> Example | str:
    """The photo at the first of these places: on disk, or as the library remembers it while its drive is away.

    Where there is none, the reason.
    """
    reason = ""
    for path in places:
        try:
            return Example(fingerprint(read(path, stamp_of(path))), path)
        except PhotoUnreadableError as error:
            known = database.photos.by_path(path)
            if known is not None:
                return Example(known.fingerprint, path)
            reason = reason or error.reason
    return reason
