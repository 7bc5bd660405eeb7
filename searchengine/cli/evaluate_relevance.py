"""`searchengine evaluate relevance`: how far a search can be taken at its word."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.evaluation_options import held_out_of, open_model, with_held_out, with_model
from searchengine.cli.options import NEW_FILE, SOURCE, with_json_figures
from searchengine.cli.output import note, note_left_out, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import printable

if TYPE_CHECKING:
    from searchengine.training.calibration import Calibration, Reliability


@click.command("relevance", short_help="How sure the search is, and how rightly.")
@click.argument("source", type=SOURCE)
@click.option("--curve", type=NEW_FILE, metavar="FILE", help="Draw the reliability curve: a .png, .jpg, .svg or .pdf.")
@with_held_out
@with_model
@with_json_figures
def relevance(source: Path, curve: Path | None, held_out: int | None, name: str | None, as_json: bool) -> None:
    """How sure the search is, and how rightly.

    One true pair of photo and caption to nine random ones: does what is said with 0.7 hold seven times in ten? And do
    queries that nothing fits (nonsense, things that the photos don't show) find nothing? SOURCE is as for captions.

    \b
    searchengine evaluate relevance captioned_photos.zip --held-out 1000
    searchengine evaluate relevance photos.zip --curve curve.png
    """
    from searchengine.training import data
    from searchengine.training.calibration import calibrate
    from searchengine.training.figures import check_drawable, draw_reliability

    if curve is not None:
        check_drawable(curve)
    model = open_model(name)
    with data.opened_captions(source) as photos, showing_work() as tell:
        result = calibrate(model, held_out_of(photos, held_out), tell)
    note_left_out(result.problems, listed_by="--json")
    if as_json:
        write_json({"model": model.identity.name, **asdict(result)})
    else:
        click.echo(_table(result))
    if curve is not None:
        bins = {"words": result.texts.bins, "photos": result.like.bins}
        draw_reliability({name: [(each.said, each.true) for each in own] for name, own in bins.items()}, curve)
        note(f"The curve is in {printable(curve)}.")


def _table(result: Calibration) -> str:
    lines = [f"{result.photos:,} photos, {result.captions:,} captions"]
    if not result.aligned:
        lines.append("This model's sentences have nothing to do with its photos: nothing fits, whatever is asked.")
    lines += [
        f"{'':<22}{'pairs':>8}{'ECE':>8}{'AUC':>8}{'strong':>9}{'good':>9}{'weak':>9}",
        *_rows("words", result.texts),
        *_rows("photos", result.like),
        "",
        f"{'best hit is none, for':<22}{'queries':>8}",
        *(f"{each.kind:<22}{each.queries:8}{100 * each.none:8.1f} %" for each in result.vain),
        f"{'captions':<22}{result.captions:8,}{100 * (1 - result.captions_answered):8.1f} %",
        "",
        f"fitted anew: words {_curve(result.texts)}, photos {_curve(result.like)}",
    ]
    return "\n".join(lines)


def _rows(title: str, figures: Reliability) -> list[str]:
    measures = f"{figures.expected_error:8.3f}{figures.auc:8.3f}"
    return [
        f"{title + ', true':<22}{figures.true_pairs:8,}{measures}{_bands(figures.bands)}",
        f"{title + ', random':<22}{figures.random_pairs:8,}{'':16}{_bands(figures.random_bands)}",
    ]


def _bands(bands: dict[str, float]) -> str:
    """The share of pairs in each band or a better one, in percent."""
    return "".join(f"{100 * share:7.1f} %" for share in bands.values())


def _curve(figures: Reliability) -> str:
    (slope, constant), (old_slope, old_constant) = figures.curve, figures.in_use
    return f"{slope:.2f} x {constant:+.2f} (in use {old_slope:.2f} x {old_constant:+.2f})"
