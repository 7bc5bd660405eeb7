"""From a model's name to the folders where it lies or would lie."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from searchengine.embedding.catalog import CatalogueEntry, find
from searchengine.embedding.families import NAFLEX, unsupported
from searchengine.embedding.receipt import HUB_NAME, PLAIN_NAME, RECEIPT
from searchengine.errors import ModelMissingError, NotFoundError, UsageError
from searchengine.settings import absolute


@dataclass(frozen=True, slots=True)
class Place:
    """A model that was named."""

    name: str  # its short name, else that of an installed model, else its name on the hub, else the path of a folder
    entry: CatalogueEntry | None
    hub: str | None  # None for a folder of the person's own
    checkpoint: Path  # the folder of its checkpoint
    ready: Path  # the model folder exported from that

    @property
    def pulled(self) -> bool:
        """Whether its checkpoint was downloaded or imported."""
        return self.hub is not None and (self.checkpoint / RECEIPT).exists()

    def missing(self) -> ModelMissingError:
        """The error for a model that isn't on this machine, with what to do."""
        size = self.entry.download if self.entry is not None else None
        about = f" (a download of about {size / 1e6:,.0f} MB)" if size is not None else ""
        return ModelMissingError(
            f"The model {self.name} isn't on this machine.",
            f"Get it with `searchengine models pull {self.name}`{about}.",
        )


def find_place(models: Path, name: str) -> Place:
    """The place of a model in the folder `models`: the catalogue comes first, then installed models, folders, the hub.

    Raises NotFoundError for a name that can't be a model's, ModelUnsupportedError for one that says NaFlex.
    """
    entry = find(name)
    if entry is None and PLAIN_NAME.fullmatch(name) and (own := _own_place(models, name)).checkpoint.is_dir():
        return own
    if entry is None and name:
        folder = absolute(name)
        slug = f"{folder.name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
        ready = models / "ready" / slug
        if folder.is_dir() or ready.is_dir():  # its drive may be away
            return Place(str(folder), None, None, folder, ready)
    address = entry.hub if entry is not None else name
    if address is None or not HUB_NAME.fullmatch(address):
        raise NotFoundError(
            f"There is no model named {name}, nor a folder of that name.",
            "`searchengine models` lists the names; one on the Hugging Face hub has the form owner/name.",
        )
    if "naflex" in address.lower():
        raise unsupported(NAFLEX, address)
    slug = address.replace("/", "--", 1)
    short = entry.name if entry is not None else address
    return Place(short, entry, address, models / "checkpoints" / slug, models / "ready" / slug)


def place_to_install(models: Path, name: str) -> Place:
    """Where a model of a person's own goes, or lies, under a plain name.

    Raises UsageError for a name that is no plain one, or one of the catalogue's.
    """
    if not PLAIN_NAME.fullmatch(name) or find(name) is not None:
        raise UsageError(
            f"A model can't be installed as {name!r}.",
            "Take letters, digits, dots, hyphens and underscores, and a name that the catalogue doesn't have.",
        )
    return _own_place(models, name)


def _own_place(models: Path, name: str) -> Place:
    # No other model's slug has an @.
    return Place(name, None, None, models / "own" / name, models / "ready" / f"{name}@own")


def address_of(slug: str) -> str:
    """The name on the hub of the model whose checkpoint lies in a folder of this name."""
    return slug.replace("--", "/", 1)
