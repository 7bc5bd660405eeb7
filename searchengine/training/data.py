"""Pictures with captions, with labels, or in a folder a class; and the split that never moves.

A data set is a folder, or a zip that is unpacked for as long as it is used. Pictures are decoded when asked for, one
at a time, by the same decoder as a person's photos. Nothing is known here of models.
"""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import PhotoUnreadableError, UsageError, printable
from searchengine.photos.decode import decode

if TYPE_CHECKING:
    from searchengine.records import Pixels


CAPTIONS = "captions.csv"

NO_PHOTOS = {"thumbs.db", "desktop.ini"}
"""What Windows leaves in folders of photos; other systems hide theirs behind a dot."""


@dataclass(frozen=True, slots=True)
class CaptionedPhotos:
    """Photos with one or more captions each."""

    paths: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...]  # as many entries as paths
    origins: tuple[str, ...] = ()  # as many as paths, or none: where each is named ("captions.csv, line 7")
    problems: tuple[str, ...] = ()  # what was left out and why, a sentence each

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, chosen: Sequence[int]) -> CaptionedPhotos:
        """Those at these positions, in this order."""
        return CaptionedPhotos(
            tuple(self.paths[i] for i in chosen),
            tuple(self.captions[i] for i in chosen),
            tuple(self.origins[i] for i in chosen) if self.origins else (),
            self.problems,
        )


@dataclass(frozen=True, slots=True)
class LabelledPhotos:
    """Photos of which each shows one of some classes."""

    paths: tuple[Path, ...]
    labels: tuple[int, ...]  # as many as paths; positions in `classes`
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The folder that `source` is, or that the zip `source` unpacks to while the `with` block runs.

    Raises UsageError when it is neither.
    """
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="searchengine-") as unpacked:
        try:
            with zipfile.ZipFile(source) as archive:
                archive.extractall(unpacked)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"{printable(source)} is neither a folder nor a zip: {error}.") from error
        yield Path(unpacked)


@contextmanager
def opened_captions(source: Path) -> Iterator[CaptionedPhotos]:
    """The photos of `source` while the `with` block runs: a captions CSV, or a folder or zip with a captions.csv.

    Raises UsageError as `opened` and `read_captions`, and where there is no captions.csv.
    """
    if source.suffix.lower() == ".csv":
        yield read_captions(source)
        return
    with opened(source) as place:
        inside = sorted(place.glob(f"*/{CAPTIONS}"))  # a zip often wraps everything in one folder
        table = inside[0] if len(inside) == 1 and not (place / CAPTIONS).exists() else place / CAPTIONS
        if not table.is_file():
            raise UsageError(
                f"{printable(source)} holds no {CAPTIONS}.",
                "That is a table with the columns image and caption; the images lie beside it.",
            )
        yield read_captions(table)


def read_captions(table: Path) -> CaptionedPhotos:
    """The photos of a CSV with the columns image and caption, a line for each caption, in the order of their names.

    Images are named by their path beside the CSV, or in the folder `images` beside it. A line with an empty caption or
    without an image that is there is left out, and named among the `problems`. Raises UsageError for a CSV without
    these columns, and where nothing is left.
    """
    captions: dict[Path, list[str]] = {}
    origins: dict[Path, str] = {}
    problems: list[str] = []
    for line, row in read_rows(table, ("image", "caption"), problems):
        if not row["caption"].strip():
            problems.append(f"{table.name}, line {line}: {row['image']} has an empty caption.")
            continue
        try:
            path = _picture(table, line, row["image"])
        except UsageError as error:
            problems.append(error.what)
            continue
        captions.setdefault(path, []).append(row["caption"].strip())
        origins.setdefault(path, f"{table.name}, line {line}")
    if not captions:
        raise UsageError(f"{printable(table)} names no photo that can be used.", " ".join(problems[:3]))
    paths = sorted(captions)
    return CaptionedPhotos(
        tuple(paths), tuple(tuple(captions[path]) for path in paths), tuple(origins[path] for path in paths),
        tuple(problems),
    )  # fmt: skip


def read_labels(table: Path) -> LabelledPhotos:
    """The photos of a CSV with the columns image and label, one line a class, in its order.

    Raises UsageError, with the line, for a CSV without these columns or an image that isn't there: were a line left
    out, every class after it would change its place.
    """
    problems: list[str] = []
    rows = [
        (_picture(table, line, row["image"]), row["label"])
        for line, row in read_rows(table, ("image", "label"), problems)
    ]
    if problems or not rows:
        raise UsageError(problems[0] if problems else f"{printable(table)} names no photo.")
    paths, classes = zip(*rows, strict=True)
    return LabelledPhotos(paths, tuple(range(len(rows))), classes)


def read_class_folders(folder: Path) -> LabelledPhotos:
    """The photos of a folder that holds a folder for each class, named as the class; `_` stands for a space.

    Raises UsageError when there are fewer than two such folders, one of them is empty, or two mean the same class.
    """
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
    if len(folders) == 1 and any(path.is_dir() for path in folders[0].iterdir()):
        return read_class_folders(folders[0])  # a zip often wraps everything in one folder
    if len(folders) < 2:
        raise UsageError("There is nothing to tell apart: expected a folder for each of two or more classes.")
    found = [sorted(path for path in one.iterdir() if path.is_file() and not _by_the_system(path)) for one in folders]
    for one, paths in zip(folders, found, strict=True):
        if not paths:
            raise UsageError(
                f"The class folder {printable(one.name)} is empty.", "Put photos of the class into it, or remove it."
            )
    classes = [one.name.replace("_", " ") for one in folders]
    for name in classes:
        if classes.count(name) > 1:
            raise UsageError(f"Two folders mean the class {printable(name)}: put their photos into one.")
    return LabelledPhotos(
        tuple(path for paths in found for path in paths),
        tuple(label for label, paths in enumerate(found) for _ in paths),
        tuple(classes),
    )


def read_picture(path: Path, at_least: int) -> Pixels:
    """The pixels of one photo, uint8 (h, w, 3), `at_least` as for `decode`.

    Raises PhotoUnreadableError, also for one that is gone or may not be read. It is named by its folder and its name:
    the rest may be a temporary place that a zip was unpacked to.
    """
    name = Path(*path.parts[-2:])
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise PhotoUnreadableError(name, error.strerror or str(error)) from error
    return decode(contents, path=os.fsencode(name), at_least=at_least).pixels


def held_out(paths: Sequence[Path], count: int) -> tuple[list[int], list[int]]:
    """Positions to train on, and the `count` to hold out: those whose file names have the lowest sha256.

    A name decides alone, so that a photo stays on its side whatever else comes or goes around it.
    """
    order = sorted(range(len(paths)), key=lambda i: hashlib.sha256(paths[i].name.encode()).digest())
    return sorted(order[count:]), sorted(order[:count])


def read_rows(table: Path, columns: Sequence[str], problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV that has these columns, each with its number; what is too short is added to `problems`.

    Raises UsageError for a file that can't be read or lacks a column.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{printable(table)} has no column {' and no column '.join(missing)}.",
                    f"Its first line must name them, separated by commas: {','.join(columns)}.",
                )
            for row in reader:
                if any(row[name] is None for name in columns):
                    problems.append(f"{table.name}, line {reader.line_num}: too few columns.")
                    continue
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise UsageError(f"{printable(table)} isn't text in UTF-8.", "Save it as CSV in UTF-8, with commas.") from error
    except (OSError, csv.Error) as error:
        raise UsageError(f"{printable(table)} can't be read: {error}.") from error


def _picture(table: Path, line: int, name: str) -> Path:
    for folder in (table.parent, table.parent / "images"):
        if name.strip() and (folder / name).is_file():
            return folder / name
    raise UsageError(f"{table.name}, line {line}: there is no image {name}.")


def _by_the_system(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in NO_PHOTOS
