"""`searchengine fine-tune`: a model taught a person's own photos and captions, installed if it is no worse for it."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from searchengine.cli import STOPPED
from searchengine.cli.captioned_photos import captioned_photos
from searchengine.cli.evaluation_tables import fine_tuned_table
from searchengine.cli.options import SOURCE, with_json_figures, with_settings
from searchengine.cli.output import note, note_left_out, write_json
from searchengine.cli.stopping import stoppable_work
from searchengine.settings import Settings

RATE, LORA_RATE = 1e-5, 2e-4


@click.command("fine-tune")
@click.argument("model")
@click.option("--name", required=True, help="Install the outcome under this name, for `--model NAME`.")
@click.option(
    "--data",
    "source",
    metavar="SOURCE",
    type=SOURCE,
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
@with_json_figures
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
    from searchengine.training.fine_tune import FineTuning, fine_tune, starting_point
    from searchengine.training.recipe import best_precision

    models = ModelStore(settings.models)
    place_to_install(models.folder, name)  # said before anything long begins
    how = FineTuning(rate or (LORA_RATE if lora else RATE), epochs, batch, lora, best_precision(), seed)
    loaded = starting_point(models, model)
    with tempfile.TemporaryDirectory(prefix="searchengine-") as work:
        with captioned_photos(source, settings) as photos, stoppable_work() as (tell, stop):
            outcome = fine_tune(loaded, photos, how, Path(work), tell=tell, stop=stop)
        if outcome is None:
            note("Stopped; nothing is changed.")
            raise SystemExit(STOPPED)
        note_left_out(outcome.problems, listed_by="--json")
        if as_json:
            write_json(asdict(outcome) | {"better": outcome.better})
        else:
            click.echo(fine_tuned_table(outcome))
        if not outcome.better:
            note(f"{name} isn't installed: it would find no more than {model}. More photos or another rate may help.")
            raise SystemExit(1)
        target = Path(work) / "model"
        save_dual_encoder(
            target, loaded.encoder, loaded.preprocessing, loaded.normalisation, loaded.tokenizer, loaded.languages
        )
        models.install(target, name)
    note(f"The model is installed. To look at your photos with it: `searchengine models use {name}`.")
