"""`searchengine train`: train a dual encoder on captioned photos, or make the built-in model from its sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli import STOPPED
from searchengine.cli.options import SOURCE
from searchengine.cli.output import note, note_left_out
from searchengine.cli.progress import showing_work
from searchengine.cli.stopping import stoppable_work
from searchengine.cli.train_vocabulary import vocabulary
from searchengine.embedding.clip.configurations import CONFIGURATIONS
from searchengine.errors import UsageError, printable
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from searchengine.training.processes import World
    from searchengine.training.run_folder import RunFolder
    from searchengine.training.trainer import Precision

FOLDER = click.Path(path_type=Path, file_okay=False)
EPOCHS = 30.0


@click.group("train")
def command() -> None:
    """Train a model on captioned photos: one of the configurations below, from scratch or from pretrained towers.

    Ctrl-C keeps how it stands, and says how to go on.

    \b
    searchengine train vit-b16+gpt2-tiny --data photos.zip --out run --minutes 60 --name mine
    searchengine train resume run
    searchengine search 'two dogs on a beach' --model mine
    searchengine train builtin --data DATA --out FOLDER
    """


command.add_command(vocabulary)


def _configuration_command(name: str, title: str) -> click.Command:
    @click.command(name, short_help=title[0].upper() + title[1:] + ".")
    @_with_options
    def train(**options: Any) -> None:
        _begin(name, **options)

    train.help = f"""Train {title}, on the photos and captions of SOURCE.

    It is a CSV with the columns image and caption (a line for each caption, the images beside it or in the folder
    images), or a folder or zip with such a captions.csv.

    \b
    searchengine train {name} --data photos.zip --out run --epochs 30
    searchengine train {name} --data captions.csv --out run --minutes 60 --name mine
    searchengine train {name} --data photos.zip --out run --image-tower CLIP --lock-image
    torchrun --nproc-per-node 4 -m searchengine train {name} --data photos.zip --out run --batch 4096
    """
    return train


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command what can be said about a training."""
    count, share = click.IntRange(min=1), click.FloatRange(min=0, min_open=True)
    options = (
        click.option("--data", "source", required=True, metavar="SOURCE", type=SOURCE,
                     help="The captioned photos: a CSV, a folder or a zip."),
        click.option("--out", type=FOLDER, required=True, help="Where the run lies; a new folder."),
        click.option("--name", help="Install the finished model under this name, for `--model NAME`."),
        click.option("--epochs", type=share, help=f"How often it sees every photo.  [default: {EPOCHS:.0f}]"),
        click.option("--minutes", type=share, help="Train for about so long instead; a few steps are timed first."),
        click.option("--held-out", type=click.IntRange(min=0), default=1000, show_default=True, metavar="N",
                     help="Photos to measure on instead of learning from; at most a fifth."),
        click.option("--batch", type=click.IntRange(min=2), default=256, show_default=True,
                     help="Pairs that are told apart in one step."),
        click.option("--chunk", type=count, help="Pairs in memory at a time; fewer than the batch cost a second pass."),
        click.option("--rate", type=share, default=5e-4, show_default=True, help="The highest learning rate."),
        click.option("--loss", type=click.Choice(["contrastive", "sigmoid"]), default="contrastive", show_default=True,
                     help="CLIP's loss, or SigLIP's."),
        click.option("--precision", type=click.Choice(["float32", "bfloat16"]),
                     help="Of matrix products.  [default: bfloat16 where the machine computes with it]"),
        click.option("--checkpointing", is_flag=True, help="Compute activations twice instead of keeping them."),
        click.option("--augment/--no-augment", default=True, show_default=True,
                     help="Show a crop in changed colours each time."),
        click.option("--tokenizer", metavar="FOLDER|NAME",
                     help="A folder with a tokenizer.json, or a pulled model's name.  [default: the text tower's, or "
                          "learnt from the captions]"),
        click.option("--image-tower", metavar="FOLDER|NAME",
                     help="Start from this one: an image model of the transformers library, or a CLIP's."),
        click.option("--text-tower", metavar="FOLDER|NAME",
                     help="Start from this one: BERT or GPT-2 as the configuration has it, or a CLIP's."),
        click.option("--lock-image", is_flag=True, help="Leave the image tower as it is, and learn the rest."),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                     help="Decides every random choice."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def _begin(
    configuration: str, *, source: Path, out: Path, name: str | None, epochs: float | None, minutes: float | None,
    held_out: int, precision: Precision | None, tokenizer: str | None, image_tower: str | None,
    text_tower: str | None, lock_image: bool, **numbers: Any,
) -> None:  # fmt: skip
    from searchengine.embedding.places import place_to_install
    from searchengine.training.processes import joined, wait_for_all
    from searchengine.training.recipe import Plan, best_precision
    from searchengine.training.run_folder import RunFolder
    from searchengine.training.trainer import TrainingSettings

    if epochs is not None and minutes is not None:
        raise UsageError("--epochs and --minutes can't both say how long.")
    if epochs is None and minutes is None:
        epochs = EPOCHS
    if lock_image and image_tower is None:
        raise UsageError("--lock-image would keep random weights.", "Say with --image-tower which tower to keep.")
    if name is not None:
        place_to_install(Settings.choose().models, name)  # said before anything long begins
    settings = TrainingSettings(steps=0, precision=precision or best_precision(), **numbers)
    plan = Plan(
        configuration, str(absolute(source)), held_out, epochs, minutes, _where(tokenizer), _where(image_tower),
        _where(text_tower), lock_image, name, settings,
    )  # fmt: skip
    with joined() as world:
        run = RunFolder.new(out, plan.to_json()) if world.leads else RunFolder(out)
        wait_for_all()
        _go_on(run, world)


def _where(named: str | None) -> str | None:
    """The folder that was named, or that of a model which is on this machine. Raises NotFoundError, ModelError."""
    from searchengine.embedding.model_store import ModelStore

    return None if named is None else str(ModelStore(Settings.choose().models).checkpoint(named))


for _name, _configuration in CONFIGURATIONS.items():
    command.add_command(_configuration_command(_name, _configuration.title))


@command.command("resume")
@click.argument("run", type=FOLDER)
def resume(run: Path) -> None:
    """Go on with a training that was stopped, from the folder RUN: as if it had never stopped.

    \b
    searchengine train resume run
    """
    from searchengine.training.processes import joined
    from searchengine.training.run_folder import RunFolder

    with joined() as world:
        _go_on(RunFolder(run), world)


def _go_on(run: RunFolder, world: World) -> None:
    """Train to the end, or until Ctrl-C; then install the model."""
    from searchengine.embedding.model_store import ModelStore
    from searchengine.training.recipe import Plan, run_training

    name = Plan.from_json(run.read_plan()).name
    models = ModelStore(Settings.choose().models)
    with stoppable_work(shown=world.leads) as (tell, stop):
        outcome = run_training(run, world, tell=tell, stop=stop)
    if not world.leads:
        return
    note_left_out(outcome.problems)
    if not outcome.finished:
        note(f"Stopped, and kept. Go on with `searchengine train resume {printable(run.path)}`.")
        raise SystemExit(STOPPED)
    note(f"The course of the training is in {printable(run.metrics)}.")
    if name is not None:
        models.install(run.model, name)
        note(f"The model is installed: use it with `--model {name}`.")
    else:
        note(f"The model is in {printable(run.model)}: use it with `--model {printable(run.model)}`.")


@command.command("builtin")
@click.option(
    "--data",
    type=FOLDER,
    required=True,
    help="Holds captioned_photos.zip, imagenet_samples.zip and coco_captions.txt.gz.",
)
@click.option("--out", type=FOLDER, required=True, help="Where to put the model; a new folder.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Decides every random choice.")
@click.option("--photos", type=click.IntRange(min=2), help="Take only so many of the photos, for a quick try.")
def builtin(data: Path, out: Path, seed: int, photos: int | None) -> None:
    """Train the built-in model: about an hour on two cores. Needs the extra `train`.

    \b
    searchengine train builtin --data DATA --out FOLDER
    searchengine evaluate captions DATA/captioned_photos.zip --held-out 1000 --model FOLDER
    """
    from searchengine.training.builtin import train_builtin
    from searchengine.training.fit import Recipe

    with showing_work() as show:
        model = train_builtin(data, out, Recipe(seed=seed), photos, show)
    size = sum(sums.bytes for sums in model.files.values())
    note(f"The model is in {printable(out)} ({size / 1e6:.1f} MB). Use it by this path: `--model {printable(out)}`.")
