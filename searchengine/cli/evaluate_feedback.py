"""`searchengine evaluate feedback`: what it is worth to say of a few photos whether they fit."""

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
    from searchengine.training.feedback_gain import FeedbackGain


@click.command("feedback", short_help="What a few marks are worth to an answer.")
@click.argument("source", type=SOURCE)
@click.option("--marks", type=click.IntRange(min=1), default=5, show_default=True, help="Photos looked at.")
@with_held_out
@with_model
@with_json_figures
def feedback(source: Path, marks: int, held_out: int | None, name: str | None, as_json: bool) -> None:
    """What marks on the first photos of an answer are worth.

    For each of the 50 words that those who wrote the captions agree on most, a simulated person says of the first
    photos whether they show it, and the average precision among the others is taken before and after.
    SOURCE is as for captions; a photo needs several captions.

    \b
    searchengine evaluate feedback captioned_photos.zip --held-out 1000
    searchengine evaluate feedback photos.zip --marks 10 --json
    """
    from searchengine.training import data, feedback_gain

    model = open_model(name)
    with data.opened_captions(source) as photos, showing_work() as tell:
        gain = feedback_gain.evaluate_feedback(model, held_out_of(photos, held_out), tell, marks=marks)
    note_left_out(gain.problems, listed_by="--json")
    if as_json:
        write_json({"model": model.identity.name, **asdict(gain), "raised": gain.raised})
    else:
        click.echo(_table(gain))


def _table(gain: FeedbackGain) -> str:
    def row(title: str, before: float, after: float) -> str:
        return f"{title:<16}{100 * before:8.1f}{100 * after:8.1f}{100 * (after - before):+8.1f}"

    return "\n".join(
        [
            f"{gain.photos:,} photos, {len(gain.concepts)} concepts, {gain.marks} marks each",
            f"{'average precision':<16}{'before':>7}{'after':>8}{'gain':>8}",
            *(row(each.concept, each.before, each.after) for each in gain.concepts),
            row("mean", gain.before, gain.after)
            + f"   (95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f})",
            f"raised for {gain.raised} of {len(gain.concepts)}",
        ]
    )
