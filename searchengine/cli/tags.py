"""`searchengine tags`: the labels that photos have, counted, exported, or written beside the photos as keywords."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note, write_json
from searchengine.errors import UsageError, printable
from searchengine.records import FileState
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from searchengine.describing.tags import Tags, WrittenTags
    from searchengine.records import Photo
    from searchengine.store.labels import LabelCount

SOURCES = ("vocabulary", "probe", "concept")


@click.group("tags", invoke_without_command=True)
@click.option("--source", type=click.Choice(SOURCES), help="Only labels that follow from their words, from a person's "
              "examples, or from feedback on answers.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON list: name, source, photos.")
@with_settings
@click.pass_context
def command(ctx: click.Context, source: str | None, as_json: bool, settings: Settings) -> None:
    """Show which labels photos have, and how many photos have each.

    What a photo is labelled with are the words of a vocabulary that fit it, your own classes and your concepts. A file
    `vocabulary.txt` in the library's folder adds labels of your own (a line each; `beach: seaside, shore` with other
    words for it) and takes others away (`-beach`); the next `searchengine index` labels all photos anew.

    \b
    searchengine tags
    searchengine search 'tag:beach'
    searchengine tags export labels.csv
    searchengine tags sidecars --dry-run

    Ends with exit code 1 when no photo has a label.
    """
    ctx.obj = settings
    if ctx.invoked_subcommand is not None:
        if source or as_json:
            raise click.UsageError("--source and --json go with the list of labels alone.", ctx)
        return
    from searchengine.library import Library

    with Library.open(settings) as library:
        counts = library.tags.counts(source)
    if as_json:
        write_json([asdict(each) for each in counts])
    else:
        _write_counts(counts)
    if not counts:
        note("No photo has a label.")
        raise SystemExit(1)


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(settings: Settings, file: Path) -> None:
    """Write every photo's labels to FILE, which ends in .json or .csv.

    A CSV has the columns path, label, confidence and source, and a line for each label of a photo.

    \b
    searchengine tags export labels.json
    searchengine tags export labels.csv
    """
    from searchengine.library import Library

    writer = {".json": _write_json_file, ".csv": _write_csv_file}.get(file.suffix.lower())
    if writer is None:
        raise UsageError(f"{printable(file)} doesn't say what to write.", "End its name in .json or .csv.")
    with Library.open(settings) as library, _in_one_step(file) as stream:
        photos = writer(library.tags, stream)
    note(f"The labels of {photos:,} photos are in {printable(file)}.")


@command.command("sidecars")
@click.option("--folder", type=click.Path(path_type=Path), help="Only beside photos in this folder or below it.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: photo, sidecar, new, labels, problem.")
@click.pass_obj
def sidecars(settings: Settings, folder: Path | None, dry_run: bool, as_json: bool) -> None:
    """Write labels as keywords into XMP files beside the photos, which digiKam, darktable and others read.

    That is x.jpg.xmp, and for a RAW x.xmp; where such a file is there, the keywords are added to it and all else in it
    stays. The photos themselves are never touched. A file that can't be added to without risk is named and left; then
    the exit code is 1.

    \b
    searchengine tags sidecars --dry-run
    searchengine tags sidecars --folder ~/Pictures/2019
    """
    from searchengine.library import Library

    within = os.fsencode(absolute(folder)) if folder else None
    rows: list[dict[str, Any]] = []
    written = problems = 0
    with Library.open(settings) as library:
        for each in library.tags.write_sidecars(within, dry_run=dry_run):
            written += each.sidecar.problem is None
            problems += each.sidecar.problem is not None
            if as_json:
                rows.append(_as_json(each))
            elif each.sidecar.problem is not None:
                note(f"left as it is: {printable(each.sidecar.path)}: {each.sidecar.problem}.")
            else:
                click.echo(f"{harmless(printable(each.sidecar.path))}\t{', '.join(each.labels)}")
    if as_json:
        write_json(rows)
    note(f"{written:,} XMP files {'would be' if dry_run else 'were'} written, {problems:,} left as they are.")
    if problems:
        raise SystemExit(1)


def _write_counts(counts: list[LabelCount]) -> None:
    for each in counts:
        source = "" if each.source == SOURCES[0] else f"\t{each.source}"
        click.echo(f"{each.photos}\t{harmless(each.name)}{source}")


def _write_json_file(tags: Tags, stream: TextIO) -> int:
    photos = [
        {
            "id": photo.id,
            "path": printable(_place(photo)),
            "labels": [asdict(label) | {"confidence": round(label.confidence, 4)} for label in photo.labels],
        }
        for photo in tags.photos()
    ]
    json.dump(photos, stream, indent=2, ensure_ascii=False)
    return len(photos)


def _write_csv_file(tags: Tags, stream: TextIO) -> int:
    rows = csv.writer(stream)
    rows.writerow(("path", "label", "confidence", "source"))
    photos = 0
    for photos, photo in enumerate(tags.photos(), start=1):  # noqa: B007  # how many there were
        for label in photo.labels:
            rows.writerow((printable(_place(photo)), label.name, f"{label.confidence:.4f}", label.source))
    return photos


def _place(photo: Photo) -> bytes:
    """Where a photo is, or, on a drive that is away, was."""
    there = (file.path for file in photo.files if file.state is FileState.PRESENT)
    return next(there, photo.files[0].path)


@contextmanager
def _in_one_step(file: Path) -> Iterator[TextIO]:
    """A text file that appears under its name when it is whole. Raises UsageError where it can't be written."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with io.TextIOWrapper(beside.open("xb"), encoding="utf-8", newline="") as stream:
            yield stream
        beside.replace(file)
    except OSError as error:
        raise UsageError(f"{printable(file)} can't be written: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _as_json(each: WrittenTags) -> dict[str, Any]:
    return {
        "photo": printable(each.photo),
        "sidecar": printable(each.sidecar.path),
        "new": each.sidecar.new,
        "labels": list(each.labels),
        "problem": each.sidecar.problem,
    }
