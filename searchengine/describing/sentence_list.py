"""A person's own sentences, read from a file of theirs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from searchengine.errors import UsageError, printable

COLUMN = "caption"


def read_sentences(file: Path) -> list[str]:
    """The sentences of a text file, one a line, or those of a CSV's column `caption`; each once, in their order.

    Lines without a word and, in a text file, comments (`#`) are passed over. Raises UsageError for a file that can't be
    read, and where nothing is left.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = _of_table(file, lines) if file.suffix.lower() == ".csv" else _of_text(lines)
            sentences = list(dict.fromkeys(filter(None, (" ".join(text.split()) for text in found))))
    except UnicodeDecodeError as error:
        raise UsageError(f"{printable(file)} isn't text in UTF-8.", "Save it as text or CSV in UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{printable(file)} can't be read: {error.strerror}.", "Name another file.") from error
    except csv.Error as error:
        raise UsageError(f"{printable(file)} is no CSV: {error}.", "Save it as CSV in UTF-8.") from error
    if not sentences:
        raise UsageError(
            f"{printable(file)} holds no sentence.", "Write one a line, or a CSV with them in the column caption."
        )
    return sentences


def _of_text(lines: IO[str]) -> Iterator[str]:
    return (line for line in lines if not line.startswith("#"))


def _of_table(file: Path, lines: IO[str]) -> Iterator[str]:
    rows = csv.DictReader(lines)
    if COLUMN not in (rows.fieldnames or ()):
        raise UsageError(f"{printable(file)} has no column {COLUMN}.", "Its first line must name the columns.")
    return (row[COLUMN] or "" for row in rows)
