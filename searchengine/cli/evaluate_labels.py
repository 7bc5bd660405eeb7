"""`searchengine evaluate labels`: how often the labels that photos are given are right."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from searchengine.cli.evaluation_options import open_model, with_model
from searchengine.cli.options import SOURCE, with_json_figures
from searchengine.cli.output import note, note_left_out, write_json
from searchengine.cli.progress import showing_work

if TYPE_CHECKING:
    from searchengine.ranking.labels import Curve
    from searchengine.training.label_quality import LabelQuality


@click.command("labels", short_help="The labels that photos are given.")
@click.argument("source", type=SOURCE)
@with_model
@with_json_figures
def labels(source: Path, name: str | None, as_json: bool) -> None:
    """How often labels are right, how many a photo gets, and whether their confidence is to be trusted.

    SOURCE is as for captions. A label is true of a photo when two of its captions name it; 1,000 photos are held out,
    to others the curve of confidence is fitted once more, as the program's own constants were.

    \b
    searchengine evaluate labels captioned_photos.zip
    searchengine evaluate labels photos.zip --model clip-b32 --json
    """
    from searchengine.describing.label_vectors import label_vectors
    from searchengine.describing.vocabulary import shipped_words
    from searchengine.training import data
    from searchengine.training.label_quality import evaluate_labels

    model, words = open_model(name), shipped_words()
    with TemporaryDirectory(prefix="searchengine-") as folder:
        vectors = label_vectors(words, model.identity, lambda: model, Path(folder, "labels.npz"))
    wordings, frequencies = [word.wordings for word in words], [word.frequency for word in words]
    with data.opened_captions(source) as photos, showing_work() as tell:
        result = evaluate_labels(model, photos, vectors, wordings, frequencies, tell)
    note_left_out(result.problems, listed_by="--json")
    if as_json:
        write_json({"model": model.identity.name, **asdict(result)})
    else:
        click.echo(_table(result))
    if not result.aligned:
        note("This model's sentences have nothing to do with its photos: it gives no label.")


def _table(result: LabelQuality) -> str:
    lines = [
        f"{result.photos:,} photos, {result.labels:,} labels",
        f"labels of a photo               {result.given:6.2f}",
        f"right: two captions name it     {100 * result.precision:6.1f} %",
        f"named by one caption at least   {100 * result.named:6.1f} %",
        f"of what two name, given         {100 * result.recall:6.1f} %",
        f"expected calibration error      {result.calibration_error:8.3f}",
        "",
        f"{'confidence':<14}{'pairs':>9}{'mean':>8}{'true':>8}",
    ]
    lines += [
        f"{each.low:.1f} to {each.high:.1f}    {each.pairs:9,}{each.confidence:8.2f}{each.true:8.2f}"
        for each in result.bins
    ]
    return "\n".join([*lines, "", f"curve    {_numbers(result.curve)}", f"refitted {_numbers(result.fitted)}"])


def _numbers(curve: Curve) -> str:
    return f"score {curve.score:.2f}, frequency {curve.frequency:.2f}, constant {curve.constant:+.2f}"
