"""`searchengine train`: make the built-in model from its sources."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from searchengine.cli.output import note
from searchengine.errors import printable

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("train")
def command() -> None:
    """Train the built-in model from its sources. Needs the extra `train`.

    \b
    searchengine train builtin --data DATA --out FOLDER
    searchengine evaluate captions DATA/captioned_photos.zip --held-out 1000 --model FOLDER
    """


@command.command("builtin")
@click.option("--data", type=FOLDER, required=True, help="Holds captioned_photos.zip and imagenet_samples.zip.")
@click.option("--out", type=FOLDER, required=True, help="Where to put the model; a new folder.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Decides every random choice.")
@click.option("--photos", type=click.IntRange(min=2), help="Take only so many of the photos, for a quick try.")
def builtin(data: Path, out: Path, seed: int, photos: int | None) -> None:
    """Train the built-in model: about twenty minutes on two cores."""
    from searchengine.training.builtin import train_builtin
    from searchengine.training.fit import Recipe

    with _telling():
        model = train_builtin(data, out, Recipe(seed=seed), photos)
    size = sum(sums.bytes for sums in model.files.values())
    note(f"The model is in {printable(out)} ({size / 1e6:.1f} MB). Use it by this path: `--model {printable(out)}`.")


@contextmanager
def _telling() -> Iterator[None]:
    """Show what the training logs, each line in the place of the last where there is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    if sys.stderr.isatty():
        handler.terminator = "\x1b[K\r"
    logger = logging.getLogger("searchengine.training")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
