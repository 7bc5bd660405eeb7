"""`searchengine duplicates`: what is in the library more than once, and which to keep. Nothing is ever deleted."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note, write_bytes, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import printable
from searchengine.records import FileState
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.searching.duplicates import Copy, DuplicateGroup


@click.command("duplicates")
@click.option("--folder", type=click.Path(path_type=Path), help="Only groups with a file in this folder or below it.")
@click.option("--json", "output", flag_value="json", help="A JSON list: for each group keep, why and others.")
@click.option("--paths", "output", flag_value="paths", help="All files but the ones to keep, a path a line.")
@click.option("-0", "output", flag_value="null", help="The same with a zero byte behind each, for `xargs -0`.")
@with_settings
def command(folder: Path | None, output: str | None, settings: Settings) -> None:
    """List what is in the library more than once, with the one to keep of each and why. Nothing is deleted.

    Exact copies have the same bytes. Near-copies are the same shot in another size, crop, encoding or exposure; the
    frames of a burst are not among them. --paths and -0 leave out what can't be reached now.

    \b
    searchengine duplicates
    searchengine duplicates --folder ~/Pictures/WhatsApp
    searchengine duplicates --json
    searchengine duplicates -0 | xargs -0 -I{} mv {} ~/to-look-through/

    Ends with exit code 1 when there are none.
    """
    from searchengine.library import Library

    inside = os.fsencode(Path(os.path.realpath(absolute(folder)))) if folder else None
    with Library.open(settings) as library, showing_work() as tell:
        groups = library.duplicates.find(folder=inside, tell=tell)
    if output == "json":
        write_json([_as_json(group) for group in groups])
    elif output is not None:
        write_bytes(path + (b"\0" if output == "null" else b"\n") for path in _spare(_kept(groups)))
    elif sys.stdout.isatty():
        _write_table(groups)
    else:
        write_bytes(_lines(groups))
    if groups:
        files = sum(len(group.others) for group in groups)
        spare = sum(group.spare_bytes for group in groups)
        photos = "1 photo is" if len(groups) == 1 else f"{len(groups):,} photos are"
        others = "the other file takes" if files == 1 else f"the {files:,} other files take"
        note(f"{photos} there more than once; {others} {spare / 1e6:,.1f} MB. "
             "Nothing was deleted; --paths and -0 list them for a script.")  # fmt: skip
    else:
        note("Nothing is there more than once.")
        raise SystemExit(1)


def _kept(groups: Sequence[DuplicateGroup]) -> list[DuplicateGroup]:
    """The groups whose file to keep is there: of another, a script that goes by the list might take the last copy."""
    kept = [group for group in groups if os.path.exists(group.keep.file.path)]  # noqa: PTH110  # paths are bytes
    if len(kept) < len(groups):
        note(f"Left out: {len(groups) - len(kept):,} whose file to keep isn't there now. Run `searchengine index`.")
    return kept


def _spare(groups: Sequence[DuplicateGroup]) -> Iterator[bytes]:
    """The paths within reach of all files but the ones to keep."""
    for group in groups:
        yield from (copy.file.path for copy in group.others if copy.file.state is FileState.PRESENT)


def _lines(groups: Sequence[DuplicateGroup]) -> Iterator[bytes]:
    """For a pipe: keep, exact or near, and the path; groups follow each other."""
    for group in groups:
        yield b"keep\t%s\n" % group.keep.file.path
        yield from (b"%s\t%s\n" % (b"exact" if copy.exact else b"near", copy.file.path) for copy in group.others)


def _as_json(group: DuplicateGroup) -> dict[str, Any]:
    return {
        "keep": _file(group.keep),
        "why": list(group.why),
        "others": [_file(copy) | {"copy": "exact" if copy.exact else "near"} for copy in group.others],
    }


def _file(copy: Copy) -> dict[str, Any]:
    """A file as plain values; a path that isn't UTF-8 is written with `\\xNN` (use `-0` to get its bytes)."""
    facts = copy.photo.facts
    return {
        "id": copy.photo.id,
        "path": printable(copy.file.path),
        "state": str(copy.file.state),
        "bytes": copy.file.stamp.size,
        "width": facts.width,
        "height": facts.height,
        "format": facts.format,
        "taken_at": facts.taken_at.isoformat() if facts.taken_at else None,
        "taken_from": facts.taken_from,
        "camera": facts.camera,
        "flaw": facts.flaw,
    }


def _write_table(groups: Sequence[DuplicateGroup]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("photo", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    for group in groups:
        why = f"\n{', '.join(group.why)}" if group.why else ""
        table.add_row("keep", Text.assemble((_path(group.keep), "bold"), (why, "dim")), *_measures(group.keep))
        for number, copy in enumerate(group.others, 1):
            away = " (away)" if copy.file.state is FileState.OFFLINE else ""
            kind = "exact copy" if copy.exact else "near-copy"
            row = (kind, Text(_path(copy) + away), *_measures(copy))
            table.add_row(*row, end_section=number == len(group.others))
    Console().print(table)


def _path(copy: Copy) -> str:
    return harmless(printable(copy.file.path))


def _measures(copy: Copy) -> tuple[str, str]:
    size = copy.file.stamp.size
    taken = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    return f"{copy.photo.facts.width} × {copy.photo.facts.height}", taken
