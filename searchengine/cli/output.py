"""How an answer is written: a table for a person, lines, JSON or zero-ended paths for a program.

Results go to standard output and nothing else does; notes and questions go to standard error.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from searchengine.errors import printable
from searchengine.records import Hit, Results

if TYPE_CHECKING:
    from searchengine.searching.why import WordFit

    Reasons = Mapping[int, Sequence[WordFit]]
    """Why photos were found, by their ids."""

PROBLEMS_SHOWN = 10

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def note(text: str) -> None:
    """A sentence for the person, on standard error."""
    click.echo(harmless(text), err=True)


def harmless(text: str) -> str:
    """Text for a terminal: the control characters that a file's name may hold, which could recolour it or worse, as
    `\\xNN`."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def note_left_out(problems: Sequence[str], *, listed_by: str = "") -> None:
    """What of a data set was left out: the first of it with its reason, then how much in all.

    `listed_by` is the option that lists everything, where there is one.
    """
    for problem in problems[:PROBLEMS_SHOWN]:
        note(f"left out: {problem}")
    if problems:
        rest = f" {listed_by} lists them all." if listed_by and len(problems) > PROBLEMS_SHOWN else ""
        count = "1 line or photo was" if len(problems) == 1 else f"{len(problems):,} lines or photos were"
        note(f"{count} left out.{rest}")


def write_results(results: Results, output: str | None, reasons: Reasons | None = None) -> None:
    """Write hits as `output` says ("json", "paths", "null"), else a table on a terminal and lines in a pipe.

    Paths are for doing something with them, so photos that don't fit are none. Exits with 1 when there are none, as
    `grep` does.
    """
    if not results.fits and output in ("paths", "null"):
        results = Results(())
    for sentence in results.notes:
        note(sentence)
    if output == "json":
        write_json([as_json(hit) | _why_values(hit, reasons) for hit in results])
    elif output == "null":
        write_bytes(b"%s\0" % hit.path for hit in results)
    elif output == "paths":
        write_bytes(b"%s\n" % hit.path for hit in results)
    elif sys.stdout.isatty():
        _write_table(results.hits, reasons or {})
    else:
        facts = (_relevance(hit) + ("" if reasons is None else f"\t{_why(hit, reasons)}") for hit in results)
        write_bytes(b"%s\t%s\n" % (before.encode(), hit.path) for before, hit in zip(facts, results, strict=True))
    if not results:
        note("Nothing found.")
        raise SystemExit(1)


def write_json(value: Any) -> None:
    """JSON on standard output, as a person can read it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def as_json(hit: Hit) -> dict[str, Any]:
    """A hit as plain values; a path that isn't UTF-8 is written with `\\xNN` (use `-0` to get its bytes)."""
    facts = hit.photo.facts
    return {
        "id": hit.id,
        "score": None if hit.score is None else round(hit.score, 6),
        "relevance": None if hit.relevance is None else round(hit.relevance, 4),
        "band": hit.band,
        "alike": list(hit.alike),
        "match": None if hit.match is None else round(hit.match, 4),
        "path": printable(hit.path),
        "paths": [printable(path) for path in hit.paths],
        "width": facts.width,
        "height": facts.height,
        "format": facts.format,
        "taken_at": facts.taken_at.isoformat() if facts.taken_at else None,
        "taken_from": facts.taken_from,
        "camera": facts.camera,
        "lens": facts.lens,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "caption": facts.caption,
        "keywords": list(facts.keywords),
        "flaw": facts.flaw,
        "labels": [asdict(label) | {"confidence": round(label.confidence, 4)} for label in hit.photo.labels],
    }


def _relevance(hit: Hit) -> str:
    """How sure it is that a photo fits; nothing is more or less sure where conditions alone were asked."""
    return "-" if hit.relevance is None else f"{hit.relevance:.4f}"


def _why(hit: Hit, reasons: Reasons) -> str:
    """The words of the query, each with how well the photo fits it: `dogs ●●● beach ●○○`."""
    return " ".join(f"{harmless(fit.words)} {'●' * fit.level:○<3}" for fit in reasons.get(hit.id, ()))


def _why_values(hit: Hit, reasons: Reasons | None) -> dict[str, Any]:
    if reasons is None:
        return {}
    fits = reasons.get(hit.id, ())
    return {"why": [{"words": fit.words, "level": fit.level, "deviations": round(fit.deviations, 3)} for fit in fits]}


def write_bytes(lines: Iterable[bytes]) -> None:
    """Lines on standard output, past click's text layer: a path is bytes, and not always UTF-8."""
    sys.stdout.flush()
    stream = sys.stdout.buffer
    for line in lines:
        stream.write(line)
    stream.flush()


def _write_table(hits: Iterable[Hit], reasons: Reasons) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", justify="right", style="dim")
    table.add_column("relevance", no_wrap=True)
    table.add_column("photo", overflow="fold")
    table.add_column("taken", style="dim", no_wrap=True)
    table.add_column("camera", style="dim")
    for hit in hits:
        folder, name = os.path.split(harmless(printable(hit.path)))
        place = Text.assemble((folder + os.sep, "dim"), (name, "bold"))
        if hit.alike:
            place.append(f"  +{len(hit.alike)}", "cyan")
        for other in hit.paths[1:]:
            place.append(f"\nalso {harmless(printable(other))}", "dim")
        if hit.id in reasons:
            place.append(f"\n{_why(hit, reasons)}", "cyan")
        facts = hit.photo.facts
        # A file's own time is when it was copied, as often as not.
        taken = facts.taken_at.strftime("%Y-%m-%d") if facts.taken_at and facts.taken_from != "file" else ""
        sure = "" if hit.band is None else f"{hit.band:<6} {_relevance(hit)[:4]}"
        if hit.match is not None:
            sure += f"\nmatch  {hit.match:.2f}"
        table.add_row(str(hit.id), sure, place, taken, Text(harmless(facts.camera or "")))
    Console(soft_wrap=False).print(table)
