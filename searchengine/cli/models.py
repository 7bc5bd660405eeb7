"""`searchengine models`: list, download, switch and carry models. `pull` is all that ever touches the network."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.options import FILE, with_precision, with_settings
from searchengine.cli.output import note, write_json
from searchengine.cli.probe import note_hardly_learnt
from searchengine.cli.progress import showing_bytes, showing_progress
from searchengine.cli.report import write_failures
from searchengine.errors import printable
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.embedding.model_store import ModelEntry, ModelStore

FORMATS = ("searchengine", "openai", "transformers")
"""What a checkpoint can be written as."""


@click.group("models", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with everything the catalogue knows.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the models that we recommend and those that are here; download, switch and carry them.

    \b
    searchengine models
    searchengine models pull clip-b32
    searchengine models use clip-b32
    """
    from searchengine.embedding.kinds import Kind

    if ctx.invoked_subcommand is None:
        store = _store(Settings.choose())
        entries = store.entries()
        if as_json:
            write_json([asdict(entry) for entry in entries])
        else:
            _write_table([entry for entry in entries if entry.kind is Kind.SEARCH])
            _write_others([entry for entry in entries if entry.kind is not Kind.SEARCH])
            for verdict in store.verdicts():
                note(verdict.why)


@command.command("pull")
@click.argument("name")
def pull(name: str) -> None:
    """Download the model NAME: a short name from the list, or the name of one on the Hugging Face hub.

    \b
    searchengine models pull clip-b32
    searchengine models pull google/siglip2-base-patch16-224
    """
    from searchengine.embedding.kinds import USES

    entry = pull_model(Settings.choose(), name)
    note(f"To use it: `{USES[entry.kind][1].format(name)}`.")


@command.command("use")
@click.argument("name")
@with_precision
@with_settings
def use(name: str, precision: str, settings: Settings) -> None:
    """Switch the library to the model NAME. The old one answers until every photo is embedded anew.

    Interrupted, the same command goes on where it was.

    \b
    searchengine models use clip-b32
    """
    from searchengine.library import Library

    with Library.open(settings) as library, showing_progress() as progress:
        report = library.use_model(name, precision=precision, progress=progress)
        answering = library.database.models.active()
        away = len(library.database.embeddings.lacking(answering[0])) if answering else 0
        classes = library.own_classes.all()
    write_failures(report)
    if report.interrupted:
        note(f"Stopped; the library still answers with the old model. To go on: `searchengine models use {name}`.")
        raise SystemExit(130)
    note(f"{report.embedded:,} photos embedded; the library now answers with {name}.")
    if away:
        note(f"{away:,} photos are out of reach and not found until `searchengine index` has seen them again.")
    note_hardly_learnt(classes)


@command.command("export")
@click.argument("name")
@click.argument("file", type=FILE)
def export(name: str, file: Path) -> None:
    """Write the downloaded model NAME to FILE, for a machine without a network.

    \b
    searchengine models export clip-b32 clip-b32.model
    """
    _store(Settings.choose()).export_to(name, file)
    note(f"On the other machine: `searchengine models import {printable(file.name)}`.")


@command.command("import")
@click.argument("file", type=FILE)
def import_(file: Path) -> None:
    """Take in a model that `models export` wrote.

    \b
    searchengine models import clip-b32.model
    """
    from searchengine.embedding.kinds import USES

    entry = _store(Settings.choose()).import_from(file)
    note(f"{entry.name} is here. To use it: `{USES[entry.kind][1].format(entry.name)}`.")


@command.command("convert")
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--to", "kind", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True, help="Its format.")
@click.option("--tokenizer", metavar="FOLDER|NAME", help="Where the vocabulary is, when it isn't beside SOURCE.")
def convert(source: str, target: Path, kind: str, tokenizer: str | None) -> None:
    """Write the CLIP model SOURCE into the new folder TARGET, in another format, with the same weights.

    SOURCE is a file of OpenAI's weights (.pt or .safetensors), the folder of a checkpoint, or the name of a model that
    is here. Nothing that such a file contains is run. The folder can be used as a model by its path.

    \b
    --to searchengine   what this program trains
    --to openai         OpenAI's names, laid out for OpenCLIP
    --to transformers   for the transformers library, which has no ResNets of CLIP

    \b
    searchengine models convert RN50.pt my-rn50 --tokenizer openai-b32
    searchengine models convert openai-b32 clip --to openai
    searchengine index ~/Pictures --model ./my-rn50
    """
    from searchengine.embedding.clip.convert import convert as write

    store = _store(Settings.choose())
    path = Path(source)
    weights = path if path.is_file() else store.checkpoint(source)
    note(f"Converting {printable(weights)}; this takes up to a minute.")
    write(weights, target, kind, _vocabulary(store, tokenizer) if tokenizer is not None else None)
    name = printable(target)
    note(f"{name} is a model now. To look at your photos with it: `searchengine models use {name}`.")


def pull_model(settings: Settings, name: str) -> ModelEntry:
    """Download a model, showing how far it has come. Raises ModelError in its kinds."""
    with showing_bytes(name) as progress:
        entry = _store(settings).pull(name, progress)
    note(f"{entry.name} is here ({entry.bytes / 1e6:,.0f} MB; its licence: {entry.licence or 'see its card'}).")
    return entry


def _vocabulary(store: ModelStore, place: str) -> Path:
    """The folder or file with a vocabulary; else the checkpoint of the model of that name."""
    return Path(place) if Path(place).exists() else store.checkpoint(place)


def _store(settings: Settings) -> ModelStore:
    from searchengine.embedding.model_store import ModelStore

    return ModelStore(settings.models)


def _write_table(models: list[ModelEntry]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("name", "here", "reads"):
        table.add_column(heading, no_wrap=True)
    for heading in ("size", "ImageNet", "COCO"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("licence")
    for model in models:
        entry, figures = model.entry, model.entry.figures if model.entry else None
        size = model.bytes if model.installed else entry and entry.download
        table.add_row(
            model.name,
            "yes" if model.installed else "",
            {("*",): "many", (): ""}.get(entry.languages, ", ".join(entry.languages)) if entry else "",
            f"{size / 1e6:,.0f} MB" if size else "",
            _percent(figures.imagenet if figures else None),
            _percent(figures.coco_text_to_image if figures else None),
            model.licence or "",
        )
    Console().print(table)
    note("ImageNet: zero-shot top-1; COCO: text to image, R@1; in percent, as published.")


def _write_others(models: list[ModelEntry]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from searchengine.embedding.kinds import USES

    table = Table("name", "here", "what it does", "download", "licence", box=box.SIMPLE_HEAD, pad_edge=False)
    for model in models:
        size = model.entry.download if model.entry else None
        download = f"{size / 1e6:,.0f} MB" if size else ""
        table.add_row(model.name, "yes" if model.installed else "", USES[model.kind][0], download, model.licence or "")
    Console().print(table)
    note("These don't search by themselves: see `searchengine captions write` and `searchengine search --rerank`.")


def _percent(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.1f}"
