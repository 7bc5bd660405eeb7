"""`searchengine fine-tune`: a model taught a person's own photos and captions, installed if it is no worse for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from searchengine.cli import STOPPED
from searchengine.cli.options import with_settings
from searchengine.cli.output import note, write_json
from searchengine.cli.progress import showing_work
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.embedding.clip.folder import DualEncoderFolder
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.fine_tune import FineTuned, FineTuning

SHOWN = 5  # problems of the data that are named one by one
RATE, LORA_RATE = 1e-5, 2e-4


@click.command("fine-tune")
@click.argument("model")
@click.option("--name", required=True, help="Install the outcome under this name, for `--model NAME`.")
@click.option(
    "--data",
    "source",
    metavar="SOURCE",
    type=click.Path(path_type=Path, exists=True),
    help="Captioned photos: a CSV, a folder or a zip.  [default: the library's, with their own captions]",
)
@click.option(
    "--epochs",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="How often it sees every photo.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help=f"The highest learning rate; the temperature has ten times as much.  [default: {RATE:g}, with "
    f"--lora {LORA_RATE:g}]",
)
@click.option(
    "--batch", type=click.IntRange(min=2), default=64, show_default=True, help="Pairs that are told apart in one step."
)
@click.option(
    "--lora",
    type=click.IntRange(min=1),
    metavar="RANK",
    help="Train low-rank adapters in place of all weights. Needs the extra `train`.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Decides every random choice.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON; shares, not percent.")
@with_settings
def command(
    model: str, name: str, source: Path | None, epochs: float, rate: float | None, batch: int, lora: int | None,
    seed: int, as_json: bool, settings: Settings,
) -> None:  # fmt: skip
    """Fine-tune MODEL on your own photos and captions.

    MODEL is a CLIP that is on this machine, one that `train` or `fine-tune` made, or a folder or file with either.
    SOURCE is a CSV with the columns image and caption, or a folder or zip with such a captions.csv; without it, what
    you have written into your photos (IPTC, XMP) is learnt from.

    The outcome lies on the way between the old weights and the new ones, where photos that were held out say. It is
    installed only if others that were held out are found no worse than before; else this ends with exit code 1.

    \b
    searchengine fine-tune clip-b32 --name mine
    searchengine fine-tune clip-b32 --name mine --data captions.csv --lora 8
    searchengine models use mine
    """
    from searchengine.embedding.clip.folder import save_dual_encoder
    from searchengine.embedding.model_store import ModelStore
    from searchengine.embedding.places import place_to_install
    from searchengine.training.fine_tune import FineTuning, starting_point
    from searchengine.training.recipe import best_precision

    models = ModelStore(settings.models)
    place_to_install(models.folder, name)  # said before anything long begins
    how = FineTuning(rate or (LORA_RATE if lora else RATE), epochs, batch, lora, best_precision(), seed)
    loaded = starting_point(models.folder, model)
    with tempfile.TemporaryDirectory(prefix="searchengine-") as work:
        with _photos(source, settings) as photos:
            outcome = _fine_tune(loaded, photos, how, Path(work))
        if outcome is None:
            note("Stopped; nothing is changed.")
            raise SystemExit(STOPPED)
        _write(outcome, as_json)
        if not outcome.better:
            note(f"{name} isn't installed: it would find no more than {model}. More photos or another rate may help.")
            raise SystemExit(1)
        target = Path(work) / "model"
        save_dual_encoder(
            target, loaded.encoder, loaded.preprocessing, loaded.normalisation, loaded.tokenizer, loaded.languages
        )
        models.install(target, name)
    note(f"The model is installed. To look at your photos with it: `searchengine models use {name}`.")


def _fine_tune(loaded: DualEncoderFolder, photos: CaptionedPhotos, how: FineTuning, work: Path) -> FineTuned | None:
    """Fine-tune until it is done or Ctrl-C is pressed, showing how far it is."""
    from searchengine.indexing.interrupt import stop_on_ctrl_c
    from searchengine.training.fine_tune import fine_tune

    stop = Event()
    with stop_on_ctrl_c(stop), showing_work() as show:

        def tell(stage: str, done: int, whole: int, remark: str) -> None:
            show(stage, done, whole, remark)
            if stop.is_set() and stage != "training":  # the training stops by itself, between two steps
                raise KeyboardInterrupt

        return fine_tune(loaded, photos, how, work, tell=tell, stop=stop)


@contextmanager
def _photos(source: Path | None, settings: Settings) -> Iterator[CaptionedPhotos]:
    from searchengine.library import Library
    from searchengine.training.data import opened_captions
    from searchengine.training.library_captions import captions_of

    if source is not None:
        with opened_captions(source) as photos:
            yield photos
        return
    with Library.open(settings) as library:
        own = captions_of(library.database)
    yield own


def _write(outcome: FineTuned, as_json: bool) -> None:
    for problem in outcome.problems[:SHOWN]:
        note(problem)
    if outcome.problems:
        note(f"{len(outcome.problems):,} lines or photos were left out.")
    if as_json:
        write_json(asdict(outcome) | {"better": outcome.better})
        return
    click.echo(f"learnt from {outcome.learnt_from:,} photos; chosen with {outcome.chosen_with:,} others, "
               f"{100 * outcome.share:.0f} % of the way; judged by {outcome.judged_by:,} others:")  # fmt: skip
    click.echo(f"{'':<24}{'R@1':>10}{'R@5':>10}{'R@10':>10}")
    for when, figures in (("before", outcome.before), ("after", outcome.after)):
        for title, recall in (("text to image", figures.text_to_image), ("image to text", figures.image_to_text)):
            shares = "".join(f"{100 * share:8.1f} %" for share in (recall.at_1, recall.at_5, recall.at_10))
            click.echo(f"{title + ', ' + when:<24}{shares}")
