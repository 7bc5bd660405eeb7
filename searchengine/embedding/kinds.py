"""What a checkpoint is for: searching, writing captions, or judging whether words fit a photo.

Told from the class that its configuration names. A model is of one kind; only those for searching embed photos, are
exported and can be a library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from searchengine.embedding.checkpoint_files import CONFIG, read_json
from searchengine.errors import ModelMissingError, UsageError


class Kind(StrEnum):
    """What a model is for."""

    SEARCH = "search"  # a dual encoder
    CAPTIONER = "captioner"
    MATCHER = "matcher"


ARCHITECTURES = {
    "BlipForConditionalGeneration": Kind.CAPTIONER,
    "GitForCausalLM": Kind.CAPTIONER,
    "VisionEncoderDecoderModel": Kind.CAPTIONER,
    "BlipForImageTextRetrieval": Kind.MATCHER,
}
"""The classes of the transformers library that aren't for searching."""

USES = {
    Kind.SEARCH: ("embeds photos for searching", "searchengine models use {}"),
    Kind.CAPTIONER: ("writes captions", "searchengine captions write --model {}"),
    Kind.MATCHER: ("judges whether words fit a photo", "searchengine search 'a dog' --rerank --rerank-model {}"),
}
"""What a model of each kind does, and the command for it."""


def kind_of(config: Mapping[str, Any]) -> Kind:
    """The kind of the model with this `config.json`; for searching, unless it is known to be for something else."""
    names = config.get("architectures") or ()
    return next((ARCHITECTURES[name] for name in names if name in ARCHITECTURES), Kind.SEARCH)


def kind_in(folder: Path) -> Kind:
    """The kind of the checkpoint in a folder; what has no `config.json` is for searching. Raises ModelDamagedError."""
    try:
        return kind_of(read_json(folder, CONFIG))
    except ModelMissingError:
        return Kind.SEARCH


def wrong_kind(name: str, kind: Kind, wanted: Kind) -> UsageError:
    """The error for a model that was asked for what it isn't for."""
    does, command = USES[kind]
    wish, _ = USES[wanted]
    return UsageError(
        f"The model {name} {does}; what is asked for here is one that {wish}.",
        f"`{command.format(name)}` is its use; `searchengine models` lists the others.",
    )
