"""The models on this machine: where they lie, and how one comes there and is opened.

    checkpoints/NAME/   as downloaded, with a receipt (`source.json`)
    ready/NAME/         the model folder exported from it, or from a local checkpoint: a cache, made anew when it is
                        missing, torn, or older than what it was made from
    partial/NAME/       a download that has not ended

Whatever appears under its final name is whole: it is built beside and renamed. `pull` is the only method that touches
the network.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from searchengine.embedding import hub
from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.catalog import BUILTIN, CATALOGUE, CatalogueEntry, find
from searchengine.embedding.checkpoint import CONFIG, Checkpoint, stamp
from searchengine.embedding.model_folder import MANIFEST, ModelFolder, read_model_folder
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.receipt import HUB_NAME, RECEIPT, Receipt, pack, unpack
from searchengine.embedding.torch_runtime import TorchModel, accelerator
from searchengine.errors import (
    ModelDamagedError,
    ModelError,
    ModelMissingError,
    NotFoundError,
    UsageError,
    printable,
)
from searchengine.resources import data_folder

logger = logging.getLogger(__name__)

EXPORTER = 1
"""Raised whenever an export comes out differently, so that what older versions exported is made anew."""
MADE_FROM = "made_from.json"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be used or pulled."""

    name: str  # what a person calls it
    entry: CatalogueEntry | None  # what the catalogue says of it, where it has it
    installed: bool
    bytes: int  # on this machine's disk
    licence: str | None  # as its card says, when it was downloaded; else as the catalogue does


@dataclass(frozen=True, slots=True)
class _Place:
    """A model that was named, and where its checkpoint lies or would lie."""

    name: str
    entry: CatalogueEntry | None
    hub: str | None  # None for a folder of the person's own
    checkpoint: Path
    ready: Path


class ModelStore:
    """The models in one folder, shared between libraries.

    A model is named by its short name in the catalogue, by its name on the hub, or by the path of a folder with a
    checkpoint or a model folder.
    """

    def __init__(self, folder: Path, *, endpoint: str | None = None) -> None:
        """`folder` need not exist yet; `endpoint` is the hub's address where it isn't the usual one."""
        self.folder = folder
        self.endpoint = endpoint

    def entries(self) -> list[ModelEntry]:
        """The catalogue's models, then others that were pulled or imported."""
        names = [entry.name for entry in CATALOGUE]
        for path in sorted(self.folder.glob(f"checkpoints/*/{RECEIPT}")):
            place = self._place(Receipt.read(path.parent).hub)
            if place.name not in names:
                names.append(place.name)
        return [self._entry(name) for name in names]

    def open(self, name: str, *, accelerated: bool = True) -> EmbeddingModel:
        """The model of that name, which must be on this machine. Its weights are read when they are needed.

        A checkpoint is exported at its first opening, which takes up to minutes. `accelerated`: use a GPU where there
        is one, which pays for many photos; for one query the processor answers before a GPU is awake.

        Raises NotFoundError for a name that can't be one, ModelMissingError when it must be pulled first,
        ModelUnsupportedError, ModelDamagedError.
        """
        if name == BUILTIN:
            return OnnxModel.open(builtin_folder())
        place = self._place(name)
        if place.hub is None and (place.checkpoint / MANIFEST).exists():
            return OnnxModel.open(place.checkpoint)
        ready = self._ready(place)
        device = accelerator() if accelerated else None
        if device is not None and (place.checkpoint / CONFIG).exists():
            return TorchModel(ready, Checkpoint.open(place.checkpoint), device)
        return OnnxModel(ready)

    def pull(self, name: str, progress: hub.Progress = hub.untold) -> ModelEntry:
        """Download a model and export it. One that is here and whole is left as it is, without asking the hub.

        Raises UsageError for a model that isn't downloaded, HubUnreachableError, NotFoundError, ModelUnsupportedError.
        """
        place = self._place(name) if name != BUILTIN else None
        if place is None or place.hub is None:
            raise UsageError(f"{name} is on this machine already; there is nothing to download.")
        if not self._intact(place):
            found = hub.probe(place.hub, endpoint=self.endpoint)
            partial = self.folder / "partial" / place.checkpoint.name
            with self._alone("download"):
                partial.mkdir(parents=True, exist_ok=True)
                hub.download(found, partial, endpoint=self.endpoint, progress=progress)
                shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub's library keeps its books there
                Receipt.of(partial, hub=place.hub, revision=found.revision, licence=found.licence)
                _replace(partial, place.checkpoint)
        self._ready(place)
        return self._entry(place.name)

    def export_to(self, name: str, path: Path) -> None:
        """Write a pulled model to one file, for a machine without a network.

        Raises UsageError for a model that needs none, ModelMissingError, ModelDamagedError.
        """
        place = self._place(name) if name != BUILTIN else None
        if place is None:
            raise UsageError(f"{name} is part of the program, on every machine.")
        if place.hub is None:
            raise UsageError(f"{printable(place.checkpoint)} is a folder already; copy it as it is.")
        if not (place.checkpoint / RECEIPT).exists():
            raise _missing(place)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with beside.open("xb") as file:
                pack(place.checkpoint, file)
            beside.replace(path)
        except OSError as error:
            raise ModelError(f"The model can't be written to {printable(path)}: {error.strerror}.") from error
        finally:
            beside.unlink(missing_ok=True)

    def import_from(self, path: Path) -> ModelEntry:
        """Take in a model that `export_to` wrote. Raises NotFoundError, ModelDamagedError, ModelUnsupportedError."""
        with self._alone("build"), self._building() as building:
            receipt = unpack(path, building)
            Checkpoint.open(building)
            place = self._place(receipt.hub)
            _replace(building, place.checkpoint)
        self._ready(place)
        return self._entry(place.name)

    def verify(self, name: str) -> None:
        """Read every file of a model and compare its checksum. Raises as `open`, and ModelDamagedError."""
        if name == BUILTIN:
            read_model_folder(builtin_folder()).verify()
            return
        place = self._place(name)
        if place.hub is not None and (place.checkpoint / RECEIPT).exists():
            Receipt.read(place.checkpoint).verify(place.checkpoint)
        self._ready(place).verify()

    def repair(self, name: str) -> None:
        """Export a model anew from its checkpoint. Raises as `open`; a damaged checkpoint must be pulled again."""
        place = self._place(name)
        with self._alone("build"):
            shutil.rmtree(place.ready, ignore_errors=True)
        self.verify(name)

    # --- where things lie ---------------------------------------------------------------------------------------------

    def _place(self, name: str) -> _Place:
        """Where the model of this name lies. Raises NotFoundError for a name that can't be a model's."""
        entry = find(name)
        if entry is None:
            folder = Path(name).expanduser().absolute()
            slug = f"{folder.name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
            ready = self.folder / "ready" / slug
            if folder.is_dir() or ready.is_dir():  # its drive may be away
                return _Place(str(folder), None, None, folder, ready)
        address = entry.hub if entry is not None else name
        if address is None or not HUB_NAME.fullmatch(address):
            raise NotFoundError(
                f"There is no model named {name}, nor a folder of that name.",
                "`searchengine models` lists the names; one on the Hugging Face hub has the form owner/name.",
            )
        slug = address.replace("/", "--")
        name = entry.name if entry is not None else address
        return _Place(name, entry, address, self.folder / "checkpoints" / slug, self.folder / "ready" / slug)

    def _entry(self, name: str) -> ModelEntry:
        entry = find(name)
        if name == BUILTIN:
            return ModelEntry(name, entry, True, _size(builtin_folder()), entry.licence if entry else None)
        place = self._place(name)
        installed = (place.checkpoint / RECEIPT).exists()
        licence = Receipt.read(place.checkpoint).licence if installed else None
        size = _size(place.checkpoint) + _size(place.ready)
        return ModelEntry(name, entry, installed, size, licence or (entry.licence if entry else None))

    def _intact(self, place: _Place) -> bool:
        if not (place.checkpoint / RECEIPT).exists():
            return False
        try:
            Receipt.read(place.checkpoint).verify(place.checkpoint)
        except ModelDamagedError as error:
            logger.warning("%s It is downloaded again.", error.what)
            return False
        return True

    # --- the exported model, a cache ----------------------------------------------------------------------------------

    def _ready(self, place: _Place) -> ModelFolder:
        """The model folder of a checkpoint, made now unless it is there and as new as the checkpoint."""
        if (ready := _up_to_date(place)) is not None:
            return ready
        if place.hub is not None and not (place.checkpoint / RECEIPT).exists():
            raise _missing(place)
        checkpoint = Checkpoint.open(place.checkpoint)
        with self._alone("build"), self._building() as building:
            if (ready := _up_to_date(place)) is not None:  # made by another program, while we waited for it
                return ready
            self._export(place, checkpoint, building)
            _replace(building, place.ready)
        return read_model_folder(place.ready)

    def _export(self, place: _Place, checkpoint: Checkpoint, folder: Path) -> None:
        from searchengine.embedding.export import export_checkpoint

        made_from = {"exporter": EXPORTER, "checkpoint": stamp(place.checkpoint)}  # before it is read
        export_checkpoint(
            checkpoint,
            folder,
            name=place.name,
            revision=Receipt.read(place.checkpoint).revision if place.hub is not None else "",
            languages=place.entry.languages if place.entry is not None else (),
        )
        (folder / MADE_FROM).write_text(json.dumps(made_from), encoding="utf-8")

    @contextmanager
    def _building(self) -> Iterator[Path]:
        """An empty folder beside the final ones, gone afterwards unless it was renamed into place."""
        building = self.folder / "building"
        shutil.rmtree(building, ignore_errors=True)  # what a killed program left; the lock is ours
        building.mkdir(parents=True)
        try:
            yield building
        finally:
            shutil.rmtree(building, ignore_errors=True)

    @contextmanager
    def _alone(self, doing: str) -> Iterator[None]:
        """One program at a time does this here; others wait."""
        from filelock import FileLock

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / f".{doing}.lock"):
                yield
        except OSError as error:
            raise ModelError(
                f"The models' folder {printable(self.folder)} can't be written to: {error.strerror or error}.",
                "Give it room and rights, or name another with SEARCHENGINE_MODELS.",
            ) from error


def builtin_folder() -> Path:
    """The folder of the built-in model, which is shipped with the program."""
    return data_folder() / BUILTIN


def open_model(name: str, models: Path, *, accelerated: bool = True) -> EmbeddingModel:
    """The model of that name among those in the folder `models`; see `ModelStore.open`."""
    return ModelStore(models).open(name, accelerated=accelerated)


def _up_to_date(place: _Place) -> ModelFolder | None:
    """The exported model, unless it is missing, torn, or its checkpoint has changed since; one that is away has not."""
    try:
        made_from = json.loads((place.ready / MADE_FROM).read_text(encoding="utf-8"))
        now = stamp(place.checkpoint)
        if made_from["exporter"] != EXPORTER or (now and made_from["checkpoint"] != now):
            return None
        return read_model_folder(place.ready)
    except (OSError, ValueError, KeyError, TypeError, ModelDamagedError, ModelMissingError):
        return None


def _replace(built: Path, final: Path) -> None:
    """Move a folder to its final name, in place of what is there."""
    final.parent.mkdir(parents=True, exist_ok=True)
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    built.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _missing(place: _Place) -> ModelMissingError:
    size = place.entry.download if place.entry is not None else None
    about = f" (a download of about {size / 1e6:,.0f} MB)" if size is not None else ""
    return ModelMissingError(
        f"The model {place.name} isn't on this machine.", f"Get it with `searchengine models pull {place.name}`{about}."
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
