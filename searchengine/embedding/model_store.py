"""The models on this machine: where they lie, and how one comes there and is opened.

    checkpoints/NAME/   as downloaded, with a receipt (`source.json`)
    own/NAME/           a checkpoint of the person's own, trained or converted here and installed under a plain name
    ready/NAME/         the model folder exported from it, or from a local checkpoint: a cache, made anew when it is
                        missing, torn, or older than what it was made from
    precisions/SUM/     what was found out about the model with this checksum on this machine, and its image tower in 8
                        bits: a cache
    partial/NAME/       a download that has not ended

Whatever appears under its final name is whole: it is built beside and renamed. `pull` is the only method that touches
the network.
"""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from searchengine.embedding import hub
from searchengine.embedding.adaptive import AdaptiveModel
from searchengine.embedding.atomic_folders import alone, building, bytes_in, put
from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.captioner import Captioner
from searchengine.embedding.catalog import BUILTIN, CAPTIONER, CATALOGUE, MATCHER, CatalogueEntry, find
from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.checkpoint_files import CONFIG, checkpoint_files, weights
from searchengine.embedding.kinds import Kind, kind_in, wrong_kind
from searchengine.embedding.matcher import Matcher
from searchengine.embedding.model_folder import MANIFEST, ModelFolder, read_model_folder
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.places import Place, address_of, find_place, place_to_install
from searchengine.embedding.precision import AUTO, BFLOAT16, FLOAT32, Verdict, has_bfloat16, machine, place_for
from searchengine.embedding.ready import ready_model
from searchengine.embedding.receipt import RECEIPT, Receipt, pack, unpack
from searchengine.embedding.torch_runtime import TorchModel, accelerator
from searchengine.errors import ModelDamagedError, ModelError, UsageError, printable
from searchengine.resources import data_folder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be used or pulled."""

    name: str  # what a person calls it
    entry: CatalogueEntry | None  # what the catalogue says of it, where it has it
    installed: bool
    bytes: int  # on this machine's disk
    licence: str | None  # as its card says, when it was downloaded; else as the catalogue does
    kind: Kind = Kind.SEARCH


class ModelStore:
    """The models in one folder, shared between libraries.

    A model is named by its short name in the catalogue, by the name it was installed under, by its name on the hub, or
    by the path of a folder with a checkpoint or a model folder.
    """

    def __init__(self, folder: Path, *, endpoint: str | None = None) -> None:
        """`folder` need not exist yet; `endpoint` is the hub's address where it isn't the usual one."""
        self.folder = folder
        self.endpoint = endpoint

    def entries(self) -> list[ModelEntry]:
        """The catalogue's models, then others that were pulled or imported, then the person's own."""
        pulled = [path.parent.name for path in sorted(self.folder.glob(f"checkpoints/*/{RECEIPT}"))]
        names = [entry.name for entry in CATALOGUE]
        names += [find_place(self.folder, address_of(slug)).name for slug in pulled]
        names += sorted(path.parent.name for path in self.folder.glob(f"own/*/{CONFIG}"))
        return [self._entry(name) for name in dict.fromkeys(names)]

    def verdicts(self) -> list[Verdict]:
        """What was found out about models on this machine: in which precision they are run, and why."""
        found = [Verdict.read(place, machine()) for place in sorted(place_for(self.folder, "").glob("*"))]
        return [verdict for verdict in found if verdict is not None]

    def open(self, name: str, *, accelerated: bool = True, precision: str | None = None) -> EmbeddingModel:
        """The model of that name, which must be on this machine. Its weights are read when they are needed.

        A checkpoint is exported at its first opening, which takes up to minutes. `accelerated`: use a GPU where there
        is one, which pays for many photos; for one query the processor answers before a GPU is awake. `precision`:
        one of `PRECISIONS`, for many photos on the processor; any but AUTO leaves a GPU alone. Without it the
        processor computes in float32.

        Raises NotFoundError for a name that can't be one, UsageError for a model that isn't for searching or a
        precision that isn't to be had, ModelMissingError when it must be pulled first, ModelUnsupportedError,
        ModelDamagedError.
        """
        folder = self._folder(name)
        place = find_place(self.folder, name) if name != BUILTIN else None
        checkpoint = place.checkpoint if place is not None and weights(place.checkpoint) else None
        device = accelerator() if checkpoint and accelerated and precision in (None, AUTO) else None
        if checkpoint and device:
            return TorchModel(folder, open_checkpoint(checkpoint), device)
        if precision is None or precision == FLOAT32:
            return OnnxModel(folder)
        half = partial(_in_half, folder, checkpoint) if checkpoint and has_bfloat16() else None
        if precision != BFLOAT16:
            return AdaptiveModel(OnnxModel(folder), self.folder, precision, half)
        if half is None:
            raise UsageError(
                f"The model {name} can't be run in bfloat16 here: that takes a processor which multiplies in it, and "
                "the model's checkpoint.",
                "Leave --precision out for the fastest that there is.",
            )
        return half()

    def captioner(self, name: str = CAPTIONER) -> Captioner:
        """The captioner of that name, on a GPU where there is one. Raises as `open`."""
        place = self._of_kind(name, Kind.CAPTIONER)
        return Captioner(place.checkpoint, place.name, accelerator())

    def matcher(self, name: str = MATCHER) -> Matcher:
        """The model of that name that judges whether words fit photos, as `captioner`."""
        place = self._of_kind(name, Kind.MATCHER)
        return Matcher(place.checkpoint, place.name, accelerator())

    def canonical_name(self, name: str) -> str:
        """The one name, out of those that a model can be called by, that stands in its identity.

        Raises NotFoundError for a name that can't be a model's.
        """
        return BUILTIN if name == BUILTIN else find_place(self.folder, name).name

    def pull(self, name: str, progress: hub.Progress = hub.untold) -> ModelEntry:
        """Download a model and export it, if it is for searching. One that is here and whole is left as it is, without
        asking the hub.

        Raises UsageError for a model that isn't downloaded, HubUnreachableError, NotFoundError, ModelUnsupportedError.
        """
        place = find_place(self.folder, name) if name != BUILTIN else None
        if place is None or place.hub is None:
            raise UsageError(f"{name} is on this machine already; there is nothing to download.")
        if not _intact(place):
            found = hub.probe(place.hub, endpoint=self.endpoint)
            partial = self.folder / "partial" / place.checkpoint.name
            with alone(self.folder, "download"):
                partial.mkdir(parents=True, exist_ok=True)
                hub.download(found, partial, endpoint=self.endpoint, progress=progress)
                Receipt.of(partial, hub=place.hub, revision=found.revision, licence=found.licence)
                put(partial, place.checkpoint)
        if _kind(place) is Kind.SEARCH:
            ready_model(self.folder, place)
        return self._entry(place.name)

    def checkpoint(self, name: str) -> Path:
        """The folder of a model's checkpoint, to train from or to convert.

        Raises NotFoundError, ModelMissingError when it must be pulled first, UsageError for a model that has none.
        """
        place = find_place(self.folder, name) if name != BUILTIN else None
        if place is not None and place.hub is not None and not place.pulled:
            raise place.missing()
        if place is None or (place.checkpoint / MANIFEST).exists():
            raise UsageError(
                f"The model {name} is here only as it is run, without the weights that training needs.",
                "Take a CLIP (`searchengine models pull clip-b32`) or a model that `searchengine train` made.",
            )
        return place.checkpoint

    def install(self, folder: Path, name: str) -> ModelEntry:
        """Copy the checkpoint in `folder` in under a plain name, in place of one that had it, and export it.

        Raises UsageError for a name that it can't have, ModelMissingError, ModelUnsupportedError, ModelDamagedError.
        """
        place = place_to_install(self.folder, name)
        open_checkpoint(folder)
        with alone(self.folder, "build"), building(self.folder) as copy:
            for path in checkpoint_files(folder):
                shutil.copyfile(path, copy / path.name)
            put(copy, place.checkpoint)
        ready_model(self.folder, place)
        return self._entry(name)

    def export_to(self, name: str, path: Path) -> None:
        """Write a pulled model to one file, for a machine without a network.

        Raises UsageError for a model that needs none, ModelMissingError, ModelDamagedError.
        """
        place = find_place(self.folder, name) if name != BUILTIN else None
        if place is None:
            raise UsageError(f"{name} is part of the program, on every machine.")
        if place.hub is None:
            raise UsageError(f"{printable(place.checkpoint)} is a folder already; copy it as it is.")
        if not place.pulled:
            raise place.missing()
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
        with alone(self.folder, "build"), building(self.folder) as folder:
            receipt = unpack(path, folder)
            if kind_in(folder) is Kind.SEARCH:
                open_checkpoint(folder)
            place = find_place(self.folder, receipt.hub)
            put(folder, place.checkpoint)
        if _kind(place) is Kind.SEARCH:
            ready_model(self.folder, place)
        return self._entry(place.name)

    def verify(self, name: str) -> None:
        """Read every file of a model and compare its checksum. Raises as `open`, and ModelDamagedError."""
        place = find_place(self.folder, name) if name != BUILTIN else None
        if place is not None and place.pulled:
            Receipt.read(place.checkpoint).verify(place.checkpoint)
        if place is None or _kind(place) is Kind.SEARCH:
            self._folder(name).verify()

    def repair(self, name: str) -> None:
        """Export a model anew from its checkpoint, and forget what was found out about it. Raises as `verify`.

        What has no checkpoint, and a checkpoint that is itself damaged, can't be mended here.
        """
        if name != BUILTIN:
            with alone(self.folder, "build"):
                shutil.rmtree(find_place(self.folder, name).ready, ignore_errors=True)
        self.verify(name)
        if name != BUILTIN and _kind(find_place(self.folder, name)) is not Kind.SEARCH:
            return
        if (found := place_for(self.folder, self._folder(name).identity.checksum)).exists():
            with alone(self.folder, "build"):
                shutil.rmtree(found, ignore_errors=True)

    def _folder(self, name: str) -> ModelFolder:
        """The model folder of a model, made now if it is exported from a checkpoint and isn't there."""
        if name == BUILTIN:
            return read_model_folder(builtin_folder())
        place = find_place(self.folder, name)
        if (kind := _kind(place)) is not Kind.SEARCH:
            raise wrong_kind(place.name, kind, Kind.SEARCH)
        if place.hub is None and (place.checkpoint / MANIFEST).exists():
            folder = read_model_folder(place.checkpoint)
            return replace(folder, identity=replace(folder.identity, name=place.name))
        return ready_model(self.folder, place)

    def _of_kind(self, name: str, wanted: Kind) -> Place:
        """The place of a model that is here and of this kind, which is not `SEARCH`."""
        place = find_place(self.folder, name) if name != BUILTIN else None
        kind = _kind(place) if place is not None else Kind.SEARCH
        here = place is None or place.hub is None or place.pulled
        if place is None or (kind is not wanted and (here or place.entry is not None)):
            raise wrong_kind(name, kind, wanted)
        if not here:
            raise place.missing()
        return place

    def _entry(self, name: str) -> ModelEntry:
        entry = find(name)
        licence = entry.licence if entry is not None else None
        if name == BUILTIN:
            return ModelEntry(name, entry, True, bytes_in(builtin_folder()), licence)
        place = find_place(self.folder, name)
        receipt = _receipt(place)
        size = bytes_in(place.checkpoint) + bytes_in(place.ready)
        installed = place.hub is None or receipt is not None
        return ModelEntry(name, entry, installed, size, (receipt and receipt.licence) or licence, _kind(place))


def builtin_folder() -> Path:
    """The folder of the built-in model, which is shipped with the program."""
    return data_folder() / BUILTIN


def _in_half(folder: ModelFolder, checkpoint: Path) -> EmbeddingModel:
    """A model in bfloat16 on the processor."""
    return TorchModel(folder, open_checkpoint(checkpoint), "cpu")


def _kind(place: Place) -> Kind:
    """The kind of a model, as its checkpoint says; as the catalogue does while it isn't here."""
    usual = Kind.SEARCH if place.entry is None else place.entry.kind
    if not place.checkpoint.is_dir():
        return usual
    try:
        return kind_in(place.checkpoint)
    except ModelDamagedError:  # opening it will say so
        return usual


def _receipt(place: Place) -> Receipt | None:
    """What is known of a pulled model; None when it wasn't pulled, or no longer can be used."""
    if not place.pulled:
        return None
    try:
        return Receipt.read(place.checkpoint)
    except ModelDamagedError as error:
        logger.warning("%s", error)
        return None


def _intact(place: Place) -> bool:
    """Whether a model was pulled, and all of it is as it came."""
    receipt = _receipt(place)
    if receipt is None:
        return False
    try:
        receipt.verify(place.checkpoint)
    except ModelDamagedError as error:
        logger.warning("%s It is downloaded again.", error.what)
        return False
    return True
