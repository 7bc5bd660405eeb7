"""The files of a checkpoint's folder, whoever wrote it: which of them are weights, their checksum, what damage is.

What is in them, the implementations of `Checkpoint` say.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

from searchengine.embedding.model_folder import checksum
from searchengine.errors import ModelDamagedError, ModelMissingError, printable

CONFIG = "config.json"
OPEN_CLIP_CONFIG = "open_clip_config.json"
WEIGHTS = (
    (CONFIG, re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")),
    (CONFIG, re.compile(r"pytorch_model(-\d{5}-of-\d{5})?\.bin")),
    (OPEN_CLIP_CONFIG, re.compile(r"open_clip_model\.safetensors")),
    (OPEN_CLIP_CONFIG, re.compile(r"open_clip_pytorch_model\.bin")),
)
"""What files of weights are called, and the configuration they go with; the preferred kind first, for a checkpoint may
have several, and others' besides."""
OTHER_FILES = re.compile(r"[^/]+\.(json|txt|model)|README\.md")
"""Configuration, vocabulary and the model's card, beside the weights."""
LONGEST_REASON = 200  # characters; transformers can list every model that it knows


def weights(folder: Path) -> list[Path]:
    """The files of weights that count in a checkpoint's folder, by name; none where there is no such folder."""
    for config, pattern in WEIGHTS:
        found = sorted(path for path in folder.glob("*") if pattern.fullmatch(path.name))
        if found and (folder / config).exists():
            return found
    return []


def weights_checksum(folder: Path) -> str:
    """The sha256 of the weights; for weights in several files, of their sums. Reads them all."""
    sums = [checksum(path) for path in weights(folder)]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def checkpoint_files(folder: Path) -> list[Path]:
    """Everything of a folder that belongs to its checkpoint: the weights that count, and what stands beside them."""
    others = [path for path in folder.glob("*") if OTHER_FILES.fullmatch(path.name) and path.is_file()]
    return sorted([*weights(folder), *others])


def stamp(folder: Path) -> dict[str, list[int]]:
    """Size and mtime of whatever decides about a checkpoint's vectors, by name: a cheap way to notice a change."""
    stats = {path.name: path.stat() for path in checkpoint_files(folder) if path.suffix != ".md"}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """One of a checkpoint's JSON files.

    Raises ModelMissingError when there is none, ModelDamagedError when it isn't an object in JSON.
    """
    try:
        contents = json.loads((folder / name).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelMissingError(f"There is no model in {printable(folder)}: it has no {name}.") from error
    except (OSError, ValueError) as error:
        raise damaged(folder, f"{name} can't be read ({error!r})") from error
    if not isinstance(contents, dict):
        raise damaged(folder, f"{name} is no JSON object")
    return contents


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Load something of a checkpoint with the libraries that know it: quietly, and with their errors as ours."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    # Its bars and its remarks about configurations tell a person nothing that they could act on.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves out the annotation
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # here too
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = (str(error) or repr(error)).strip().splitlines()[0]
        raise damaged(folder, shorten(reason, LONGEST_REASON, placeholder=" …").rstrip(".")) from error


def damaged(folder: Path, reason: str) -> ModelDamagedError:
    """The error for a checkpoint that can't be read."""
    return ModelDamagedError(
        f"The model in {printable(folder)} can't be loaded: {reason}.", "Fetch it again, or take another."
    )
