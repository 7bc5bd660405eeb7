"""`searchengine evaluate`: how well a model finds captioned photos, and sorts photos into classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.captioned_photos import captioned_photos
from searchengine.cli.evaluate_feedback import feedback
from searchengine.cli.evaluate_grouping import grouping
from searchengine.cli.evaluate_labels import labels
from searchengine.cli.evaluate_relevance import relevance
from searchengine.cli.evaluation_options import held_out_of, open_model, with_held_out, with_model
from searchengine.cli.evaluation_tables import classification_table, comparison_table, retrieval_table, verdict
from searchengine.cli.options import NEW_FILE, SOURCE, with_json_figures, with_settings
from searchengine.cli.output import note, note_left_out, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import printable
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.training.evaluation import Classification


def _with_confusion(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--confusion`."""
    text = "Draw what the photos of each class are taken for: a .png, .jpg, .svg or .pdf."
    return click.option("--confusion", type=NEW_FILE, metavar="FILE", help=text)(function)


@click.group("evaluate", invoke_without_command=True)
@click.option("--matrix", "picture", type=NEW_FILE, metavar="FILE", help="Short for `evaluate matrix FILE`.")
@click.pass_context
def command(ctx: click.Context, picture: Path | None) -> None:
    """Measure how well a model finds and sorts photos.

    \b
    searchengine evaluate captions photos.zip
    searchengine evaluate zero-shot folders/ --confusion confusion.png
    searchengine evaluate compare builtin clip-b32 photos.zip
    searchengine evaluate --matrix matrix.png
    """
    if ctx.invoked_subcommand is None:
        if picture is None:
            raise click.exceptions.NoArgsIsHelpError(ctx)
        ctx.invoke(matrix, picture=picture)
    elif picture is not None:
        raise click.UsageError("--matrix stands alone; the command `matrix` takes more.", ctx)


command.add_command(feedback)
command.add_command(grouping)
command.add_command(labels)
command.add_command(relevance)


@command.command("captions", short_help="Retrieval: photos by captions, captions by photos.")
@click.argument("source", type=SOURCE)
@with_held_out
@with_model
@with_json_figures
def captions(source: Path, held_out: int | None, name: str | None, as_json: bool) -> None:
    """Retrieval: R@1, R@5, R@10 and median rank, photos by captions and captions by photos.

    SOURCE is a CSV with the columns image and caption, its images beside it or in the folder images; or a folder or
    zip with such a captions.csv. A photo may have several captions, each on a line of its own.

    \b
    searchengine evaluate captions photos.zip
    searchengine evaluate captions photos/captions.csv --model clip-b32 --json
    """
    from searchengine.training import data, evaluation

    model = open_model(name)
    with data.opened_captions(source) as photos, showing_work() as tell:
        result = evaluation.evaluate_retrieval(model, held_out_of(photos, held_out), tell)
    note_left_out(result.problems, listed_by="--json")
    if as_json:
        write_json({"model": model.identity.name, **asdict(result)})
    else:
        click.echo(retrieval_table(result))


@command.command("zero-shot", short_help="Classes known by name only.")
@click.argument("source", type=SOURCE)
@click.option("--prompts", default="general", show_default=True, help="The set of templates: general, small, food.")
@_with_confusion
@with_model
@with_json_figures
def zero_shot(source: Path, prompts: str, confusion: Path | None, name: str | None, as_json: bool) -> None:
    """Zero-shot classification: top-1, top-5 and mean per class.

    SOURCE is a folder or zip with a folder of photos for each class, named as the class.

    \b
    searchengine evaluate zero-shot cifar10.zip --prompts small
    searchengine evaluate zero-shot dishes/ --prompts food --confusion confusion.png
    """
    from searchengine.embedding.prompts import prompt_templates
    from searchengine.training import data, evaluation

    templates = prompt_templates(prompts)
    _check_drawable(confusion)
    model = open_model(name)
    with data.opened(source) as place, showing_work() as tell:
        photos = data.read_class_folders(place)
        result = evaluation.evaluate_zero_shot(model, photos, templates, tell)
    _write_classification(result, photos.classes, confusion, as_json, model=model.identity.name, prompts=prompts)


@command.command("probe", short_help="Classes learnt from examples, the model left as it is.")
@click.argument("source", type=SOURCE)
@_with_confusion
@with_model
@with_json_figures
def probe(source: Path, confusion: Path | None, name: str | None, as_json: bool) -> None:
    """Linear probe: how much the model's vectors know of some classes, with examples instead of names.

    SOURCE is as for zero-shot. A logistic layer learns from four fifths of each class's photos, the model itself stays
    as it is, and the remaining fifth is asked about; the photos' file names decide which that is.

    \b
    searchengine evaluate probe cifar10.zip
    searchengine evaluate probe dishes/ --model clip-b32 --confusion confusion.png
    """
    from searchengine.training import data, evaluation

    _check_drawable(confusion)
    model = open_model(name)
    with data.opened(source) as place, showing_work() as tell:
        photos = data.read_class_folders(place)
        result = evaluation.evaluate_probe(model, photos, tell)
    _write_classification(result, photos.classes, confusion, as_json, model=model.identity.name)


@command.command("compare", short_help="Two models on the same captioned photos.")
@click.argument("first")
@click.argument("second")
@click.argument("source", type=SOURCE, required=False)
@with_held_out
@with_settings
@with_json_figures
def compare(
    first: str, second: str, source: Path | None, held_out: int | None, settings: Settings, as_json: bool
) -> None:
    """Compare the models FIRST and SECOND on the same captioned photos.

    SOURCE is as for captions; without it, the photos of the library that have a caption of their own (IPTC or XMP) are
    taken. The photos are drawn again ten thousand times, each with its captions, to see how far the difference could be
    chance.

    \b
    searchengine evaluate compare builtin clip-b32 photos.zip
    searchengine evaluate compare builtin ./my-model --held-out 200
    """
    from searchengine.training.comparison import compare_retrieval

    one, other = open_model(first), open_model(second)
    with captioned_photos(source, settings) as photos, showing_work() as tell:
        result = compare_retrieval(one, other, held_out_of(photos, held_out), tell)
    note_left_out(result.problems, listed_by="--json")
    names = (one.identity.name, other.identity.name)
    if as_json:
        write_json({"first": names[0], "second": names[1], **asdict(result), "verdict": verdict(result, names)})
    else:
        click.echo(comparison_table(result, names))


@command.command("matrix", short_help="Draw sentences against photos.")
@click.argument("picture", type=NEW_FILE)
@click.argument("photos", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1)
@click.option("--sentence", "sentences", multiple=True, metavar="TEXT", help="A row; may be given several times.")
@with_model
def matrix(
    picture: Path, photos: tuple[Path, ...] = (), sentences: tuple[str, ...] = (), name: str | None = None
) -> None:
    """Draw how well sentences fit photos into PICTURE, a .png, .jpg, .svg or .pdf.

    Without PHOTOS, the sample photographs (the extra `demo`), and without a sentence, those that go with them.

    \b
    searchengine evaluate matrix matrix.png
    searchengine evaluate matrix matrix.png dog.jpg cat.jpg --sentence 'a dog' --sentence 'a cat'
    """
    from searchengine.cli.samples import write_samples
    from searchengine.training.figures import draw_similarity_matrix
    from searchengine.training.similarity_matrix import SAMPLES, similarity_matrix

    if photos and not sentences:
        raise click.UsageError("Say what to hold against your photos: --sentence 'a dog', once or several times.")
    _check_drawable(picture)
    model = open_model(name)
    with TemporaryDirectory(prefix="searchengine-") as folder:
        if not photos:
            write_samples(Path(folder))
            photos = tuple(Path(folder, sample) for sample in SAMPLES)
        result = similarity_matrix(model, photos, sentences or tuple(SAMPLES.values()))
    draw_similarity_matrix(result.photos, result.sentences, result.scores, picture)
    note(f"The matrix is in {printable(picture)}.")


def _check_drawable(path: Path | None) -> None:
    from searchengine.training.figures import check_drawable

    if path is not None:
        check_drawable(path)


def _write_classification(
    result: Classification, classes: Sequence[str], confusion: Path | None, as_json: bool, **asked: Any
) -> None:
    """The figures, then the picture of the confusion where one was asked for."""
    note_left_out(result.problems, listed_by="--json")
    if as_json:
        figures = asdict(result)
        photos = figures.pop("confusion").sum(1)  # (classes,)
        right = result.confusion.diagonal()
        each = zip(classes, right, photos, strict=True)
        write_json({**asked, **figures, "per_class": {name: own / all_ for name, own, all_ in each if all_}})
    else:
        click.echo(classification_table(result))
    if confusion is not None:
        from searchengine.training.figures import draw_confusion

        draw_confusion(result.confusion, classes, confusion)
        note(f"The confusion is in {printable(confusion)}.")
