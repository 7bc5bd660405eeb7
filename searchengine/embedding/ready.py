"""The model folders that were exported from checkpoints: a cache, made anew whenever it isn't as it should be.

That is: when one is missing or torn, when its checkpoint has changed since, or when it comes from an older exporter.
Beside its files lies `made_from.json`, which says what it was made from.
"""

from __future__ import annotations

import json
from pathlib import Path

from searchengine.embedding.atomic_folders import alone, building, put
from searchengine.embedding.checkpoint import Checkpoint, open_checkpoint
from searchengine.embedding.checkpoint_files import stamp
from searchengine.embedding.model_folder import ModelFolder, read_model_folder
from searchengine.embedding.places import Place
from searchengine.embedding.receipt import Receipt
from searchengine.errors import ModelDamagedError, ModelMissingError

EXPORTER = 1
"""Raised whenever an export comes out differently, so that what older versions exported is made anew."""
MADE_FROM = "made_from.json"


def ready_model(models: Path, place: Place) -> ModelFolder:
    """The model folder of a checkpoint, made now, in seconds to minutes, unless it is there and up to date.

    Raises ModelMissingError when there is no checkpoint either, ModelUnsupportedError, ModelDamagedError.
    """
    if (ready := _up_to_date(place)) is not None:
        return ready
    if place.hub is not None and not place.pulled:
        raise place.missing()
    checkpoint = open_checkpoint(place.checkpoint)
    with alone(models, "build"), building(models) as folder:
        if (ready := _up_to_date(place)) is not None:  # made by another program, while we waited for it
            return ready
        _export(place, checkpoint, folder)
        put(folder, place.ready)
    return read_model_folder(place.ready)


def _export(place: Place, checkpoint: Checkpoint, folder: Path) -> None:
    from searchengine.embedding.export import export_checkpoint

    made_from = {"exporter": EXPORTER, "checkpoint": stamp(place.checkpoint)}  # as it is before it is read
    export_checkpoint(
        checkpoint,
        folder,
        name=place.name,
        revision=Receipt.read(place.checkpoint).revision if place.hub is not None else "",
        languages=place.entry.languages if place.entry is not None else checkpoint.languages,
    )
    (folder / MADE_FROM).write_text(json.dumps(made_from), encoding="utf-8")


def _up_to_date(place: Place) -> ModelFolder | None:
    """The exported model, if it is as it should be. A checkpoint that is away has not changed."""
    try:
        made_from = json.loads((place.ready / MADE_FROM).read_text(encoding="utf-8"))
        now = stamp(place.checkpoint)
        if made_from["exporter"] != EXPORTER or (now and made_from["checkpoint"] != now):
            return None
        return read_model_folder(place.ready)
    except (OSError, ValueError, KeyError, TypeError, ModelDamagedError, ModelMissingError):
        return None
