"""`searchengine bench`: how fast the program is on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.output import harmless, write_json
from searchengine.cli.progress import showing_work
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.bench.figures import Figure, Report


@click.command("bench")
@click.option("--model", "name", metavar="NAME", help="A name or a folder.  [default: builtin]")
@click.option(
    "--photos", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
    help="Photos to index; they are only read.  [default: 48 drawn ones of 12 megapixels]",
)  # fmt: skip
@click.option("--records", type=click.IntRange(min=1), default=10_000, show_default=True, metavar="N",
              help="Photos of the library that is searched; they are made up.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
def command(name: str | None, photos: Path | None, records: int, as_json: bool) -> None:
    """Measure decoding, the model, indexing, looking again, and queries, each beside the least that it could take.

    Your own library isn't touched: everything happens in a folder of its own, which is gone afterwards. Let nothing
    else run meanwhile.

    \b
    searchengine bench
    searchengine bench --photos ~/Pictures --model clip-b32
    searchengine bench --records 100000 --json
    """
    from searchengine.bench.measure import bench
    from searchengine.embedding.catalog import BUILTIN

    settings = Settings.choose(model=name)
    with showing_work() as tell:
        report = bench(settings.models, settings.model or settings.default_model or BUILTIN, photos, records, tell)
    if as_json:
        write_json(asdict(report))
    else:
        click.echo(_table(report))


def _table(report: Report) -> str:
    machine = report.machine
    lines = [
        f"{machine.processor}, {machine.processors} cores; {machine.system}; Python {machine.python}",
        f"model {harmless(report.model)} in {report.precision}; photos: {report.photos}; library of {report.records:,}",
        f"{'':<28}{'measured':>16}{'floor':>12}",
        *(_line(figure) for figure in report.figures),
    ]
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    floor = "" if figure.floor is None else f"{_number(figure.floor):>12}   {figure.floor_is}"
    return f"{figure.name:<28}{_number(figure.value):>9} {figure.unit:<8}{floor}".rstrip()


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
