"""`searchengine evaluate`: how well a model finds captioned photos, and sorts photos into classes it knows by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.output import note, write_json
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.training.evaluation import Recall, Retrieval, ZeroShot

SOURCE = click.Path(path_type=Path, exists=True)


def _with_model(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--model` and `--json`."""
    model = click.option("--model", "name", metavar="NAME", help="Which model; a name or a folder.  [default: builtin]")
    as_json = click.option("--json", "as_json", is_flag=True, help="The figures as JSON; shares, not percent.")
    return model(as_json(function))


@click.group("evaluate")
def command() -> None:
    """Measure how well a model finds and sorts photos.

    \b
    searchengine evaluate captions photos.zip
    searchengine evaluate zero-shot folders/ --prompts small
    """


@command.command("captions")
@click.argument("source", type=SOURCE)
@click.option("--held-out", type=click.IntRange(min=1), metavar="N", help="Only the N photos that training leaves out.")
@_with_model
def captions(source: Path, held_out: int | None, name: str | None, as_json: bool) -> None:
    """Retrieval: R@1, R@5, R@10 and median rank, photos by captions and captions by photos.

    SOURCE is a CSV with the columns image and caption, its images beside it or in the folder images; or a folder or
    zip with such a captions.csv.
    """
    from searchengine.training import data, evaluation

    model = _open(name)
    folder, table = (source.parent, source.name) if source.suffix.lower() == ".csv" else (source, "captions.csv")
    with data.opened(folder) as place:
        photos = data.read_captions(place / table)
        if held_out is not None:
            photos = photos.take(data.held_out(photos.paths, held_out)[1])
        result = evaluation.evaluate_retrieval(model, photos, _show)
    if as_json:
        write_json({"model": model.identity.name, **asdict(result)})
    else:
        click.echo(_retrieval_table(result))


@command.command("zero-shot")
@click.argument("source", type=SOURCE)
@click.option("--prompts", default="general", show_default=True, help="The set of templates: general, small, food.")
@_with_model
def zero_shot(source: Path, prompts: str, name: str | None, as_json: bool) -> None:
    """Zero-shot classification: top-1, top-5 and mean per class.

    SOURCE is a folder or zip with a folder of photos for each class, named as the class.
    """
    from searchengine.training import data, evaluation
    from searchengine.training.classes import prompt_templates

    templates = prompt_templates(prompts)
    model = _open(name)
    with data.opened(source) as place:
        result = evaluation.evaluate_zero_shot(model, data.read_class_folders(place), templates, _show)
    if as_json:
        write_json({"model": model.identity.name, "prompts": prompts, **asdict(result)})
    else:
        click.echo(_zero_shot_table(result))


def _open(name: str | None) -> EmbeddingModel:
    from searchengine.embedding.catalog import BUILTIN
    from searchengine.embedding.model_store import ModelStore

    settings = Settings.choose(model=name)
    return ModelStore(settings.models).open(settings.model or settings.default_model or BUILTIN)


def _show(done: int, whole: int) -> None:
    if done == whole or done % 512 < 32:
        note(f"{done:,} of {whole:,} photos")


def _retrieval_table(result: Retrieval) -> str:
    def line(title: str, recall: Recall) -> str:
        shares = "".join(f"{100 * share:8.1f} %" for share in (recall.at_1, recall.at_5, recall.at_10))
        return f"{title:<15}{shares}{recall.median_rank:13.1f}"

    return "\n".join(
        [
            f"{result.photos:,} photos, {result.captions:,} captions",
            f"{'':<15}{'R@1':>10}{'R@5':>10}{'R@10':>10}{'median rank':>13}",
            line("text to image", result.text_to_image),
            line("image to text", result.image_to_text),
        ]
    )


def _zero_shot_table(result: ZeroShot) -> str:
    return "\n".join(
        [
            f"{result.photos:,} photos, {result.classes:,} classes",
            f"top-1           {100 * result.top_1:6.1f} %",
            f"top-5           {100 * result.top_5:6.1f} %",
            f"mean per class  {100 * result.mean_per_class:6.1f} %",
        ]
    )
