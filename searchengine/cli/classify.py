"""`searchengine classify`: a folder's photos sorted into classes that are named on the spot."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.output import harmless, note, note_left_out, write_bytes, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import printable
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from searchengine.describing.placing import Way
    from searchengine.describing.sorting import Sorted
    from searchengine.describing.zero_shot import ZeroShot
    from searchengine.embedding.base import EmbeddingModel

TARGET = click.Path(path_type=Path, file_okay=False)


@click.command("classify")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--classes", "line", required=True, metavar="NAMES", help="Separated by commas; cat=cat|kitten.")
@click.option("--floor", type=click.FloatRange(0, 1), default=0.5, show_default=True,
              help="The confidence below which a photo shows none of them.")  # fmt: skip
@click.option("--copy-to", type=TARGET, metavar="DIR", help="Copy the photos of each class into DIR/CLASS.")
@click.option("--link-to", type=TARGET, metavar="DIR", help="Put symbolic links to them there.")
@click.option("--move-to", type=TARGET, metavar="DIR", help="Move them there.")
@click.option("--yes", is_flag=True, help="Don't ask before moving.")
@click.option("--model", metavar="NAME", help="A name from `searchengine models`, a hub name or a folder.  "
              "[env: SEARCHENGINE_MODEL; else the built-in one]")  # fmt: skip
@click.option("--prompts", default="general", show_default=True, metavar="SET", help="The sentences around each name.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: path, class, confidence, confidences, along.")
def command(
    folder: Path,
    line: str,
    floor: float,
    copy_to: Path | None,
    link_to: Path | None,
    move_to: Path | None,
    yes: bool,
    model: str | None,
    prompts: str,
    as_json: bool,
) -> None:
    """Sort the photos in FOLDER into classes, of which each needs a name and nothing else.

    Prints a line for each photo: its class (nothing when it shows none of them), the confidence, the path. Files stay
    where they are unless told otherwise. What is put into a folder takes its RAW and its XMP file along; a name that is
    taken gets a number, nothing is overwritten, and what lies there already isn't put there twice.

    \b
    searchengine classify ~/Pictures --classes cat,dog,'birthday cake'
    searchengine classify ~/Pictures --classes 'pet=cat|kitten|dog|puppy,people' --copy-to sorted
    searchengine classify scans --classes receipt,letter,photo --floor 0.7 --move-to sorted
    """
    from searchengine.describing.zero_shot import ZeroShot, read_classes
    from searchengine.embedding.catalog import BUILTIN
    from searchengine.embedding.model_store import ModelStore

    classes = read_classes(line)
    way, target = _way(copy_to, link_to, move_to)
    if move_to is not None and not yes:
        _ask(f"Photos of these classes are moved from {printable(folder)} to {printable(move_to)}. Go on?")
    settings = Settings.choose(model=model)
    opened = ModelStore(settings.models).open(settings.model or settings.default_model or BUILTIN)
    run = _Run(ZeroShot(opened, classes, prompts), opened, floor, way, target)
    rows = []
    for each in run(absolute(folder)):
        if as_json:
            rows.append(_as_json(each))
        elif sys.stdout.isatty():
            _show(each)
        else:
            write_bytes([b"%s\t%.4f\t%s\n" % ((each.name or "").encode(), each.confidence, each.shot.file.path)])
    if as_json:
        write_json(rows)
    run.report()


class _Run:
    """One pass over a folder."""

    def __init__(
        self, classes: ZeroShot, model: EmbeddingModel, floor: float, way: Way | None, target: Path | None
    ) -> None:
        self._classes, self._model, self._floor = classes, model, floor
        self._way, self._target = way, target
        self._stop = Event()
        self._counts: Counter[str | None] = Counter()
        self._placed, self._there = 0, 0
        self._problems: list[str] = []
        self._contents: set[tuple[str, bytes]] = set()  # what a class has got

    def __call__(self, folder: Path) -> Iterator[Sorted]:
        """Every photo with its class, once it lies where it is to lie. Ctrl-C ends it between two batches."""
        from searchengine.describing.sorting import find_shots, sort_shots
        from searchengine.indexing.interrupt import stop_on_ctrl_c

        shots, self._problems = find_shots(folder, without=self._target)
        done = 0
        with stop_on_ctrl_c(self._stop), showing_work() as show:
            for batch, problems in sort_shots(shots, self._model, self._classes, self._floor):
                self._problems += problems
                for each in batch:
                    self._counts[each.name] += 1
                    if each.name is not None:
                        self._place(each, each.name)
                    yield each
                done += len(batch) + len(problems)
                show("photos", done, len(shots), "")
                if self._stop.is_set():
                    return

    def report(self) -> None:
        """What came of it, on standard error. Exits with 130 after Ctrl-C, with 1 when there was no photo."""
        note_left_out(self._problems)
        told = [f"{name}: {self._counts[name]:,}" for name in self._classes.names]
        note(f"{', '.join(told)}; none of these: {self._counts[None]:,}.")
        if self._way is not None:
            twice = f", {self._there:,} were there already" if self._there else ""
            note(f"{self._placed:,} photos put into {printable(self._target or '')} by {self._way}{twice}.")
        if self._stop.is_set():
            note("Stopped; the same command goes on.")
            raise SystemExit(130)
        if not self._counts:
            raise SystemExit(1)

    def _place(self, each: Sorted, name: str) -> None:
        from searchengine.describing.placing import belongings, place

        if self._way is None or self._target is None:
            return
        known = (name, each.fingerprint) in self._contents
        self._contents.add((name, each.fingerprint))
        files = belongings(each.shot.file.path, each.shot.raws)
        new = not known and place(files, self._target / name, self._way)
        self._placed += new
        self._there += not new


def _way(copy_to: Path | None, link_to: Path | None, move_to: Path | None) -> tuple[Way | None, Path | None]:
    from searchengine.describing.placing import Way

    told = {Way.COPY: copy_to, Way.LINK: link_to, Way.MOVE: move_to}
    ways = [(way, absolute(target)) for way, target in told.items() if target is not None]
    if len(ways) > 1:
        raise click.UsageError("Give one of --copy-to, --link-to and --move-to.")
    return ways[0] if ways else (None, None)


def _ask(question: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("Moving asks first, and nobody is there to ask. Say --yes, or take --copy-to.")
    click.confirm(question, abort=True, err=True)


def _as_json(each: Sorted) -> dict[str, Any]:
    return {
        "path": printable(each.shot.file.path),
        "class": each.name,
        "confidence": round(each.confidence, 4),
        "confidences": {name: round(sure, 4) for name, sure in each.confidences.items()},
        "along": [printable(raw) for raw in each.shot.raws],
    }


def _show(each: Sorted) -> None:
    name = click.style(f"{each.name or 'none of these':<20}", bold=each.name is not None, dim=each.name is None)
    click.echo(f"{name} {each.confidence:6.1%}  {harmless(printable(each.shot.file.path))}")
