"""`searchengine evaluate grouping`: how well bursts and near-copies are told from other photos."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.evaluation_options import held_out_of, open_model, with_held_out, with_model
from searchengine.cli.options import SOURCE, with_json_figures
from searchengine.cli.output import note_left_out, write_json
from searchengine.cli.progress import showing_work

if TYPE_CHECKING:
    from searchengine.training.grouping_quality import GroupingQuality


@click.command("grouping", short_help="Bursts and near-copies among other photos.")
@click.argument("source", type=SOURCE)
@with_held_out
@with_model
@with_json_figures
def grouping(source: Path, held_out: int | None, name: str | None, as_json: bool) -> None:
    """How well the photos of one scene are put together, and others kept apart.

    Of every tenth photo six near-copies and a burst of four frames are made and put among all the photos, which count
    as taken every five seconds; near-copies have lost their time. SOURCE is as for captions; captions aren't looked at.

    \b
    searchengine evaluate grouping captioned_photos.zip --held-out 1000
    searchengine evaluate grouping photos.zip --model clip-b32 --json
    """
    from searchengine.training import data, grouping_quality

    model = open_model(name)
    with data.opened_captions(source) as photos, showing_work() as tell:
        quality = grouping_quality.evaluate_grouping(model, held_out_of(photos, held_out).paths, tell)
    note_left_out(quality.problems, listed_by="--json")
    if as_json:
        write_json({"model": model.identity.name, **asdict(quality)})
    else:
        click.echo(_table(quality))


def _table(quality: GroupingQuality) -> str:
    lines = [
        f"{quality.photos:,} photos, and {quality.made:,} near-copies and frames made of every tenth",
        f"{'precision':<18}{100 * quality.precision:6.1f} %   of the pairs put together are one scene",
        f"{'recall':<18}{100 * quality.recall:6.1f} %   of the pairs that are one scene are put together",
        "together with their photo:",
        *(f"  {kind:<16}{100 * share:6.1f} %" for kind, share in quality.found.items()),
    ]
    return "\n".join(lines)
