"""What the commands of `searchengine evaluate` share: which model is measured, and on which photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.training.data import CaptionedPhotos


def with_model(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--model`."""
    return click.option("--model", "name", metavar="NAME", help="A name or a folder.  [default: builtin]")(function)


def with_held_out(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--held-out`."""
    text = "Only the N photos that training leaves out."
    return click.option("--held-out", type=click.IntRange(min=1), metavar="N", help=text)(function)


def open_model(name: str | None) -> EmbeddingModel:
    """The model that `--model` names. Raises ModelError and NotFoundError."""
    from searchengine.embedding.catalog import BUILTIN
    from searchengine.embedding.model_store import ModelStore

    settings = Settings.choose(model=name)
    return ModelStore(settings.models).open(settings.model or settings.default_model or BUILTIN)


def held_out_of(photos: CaptionedPhotos, count: int | None) -> CaptionedPhotos:
    """The photos that `--held-out` means; all without it."""
    from searchengine.training.data import held_out

    return photos if count is None else photos.take(held_out(photos.paths, count)[1])
