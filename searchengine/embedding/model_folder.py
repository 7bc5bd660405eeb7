"""The folder in which a model is ready to run, and `model.json`, its table of contents.

    model.json       what follows here
    image.onnx       pictures, uint8 (n, height, width, 3) -> float32 (n, dim); its normalisation is inside
    text.onnx        input_ids and attention_mask, int64 (n, tokens) -> float32 (n, dim)
    tokenizer.json   for the library tokenizers; its truncation and padding are the model's

Large graphs have their weights in files beside them; `files` names every file with its size and sha256. Who makes such
a folder (the training of the built-in model, the export of a checkpoint) calls `write_model_folder` last; who runs it
calls `read_model_folder`, which checks all but the sums, and `verify` when there is time to read everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from searchengine.embedding.base import BATCH
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.errors import ModelDamagedError, ModelMissingError, printable
from searchengine.records import ModelIdentity

FORMAT = 1
MANIFEST = "model.json"
IMAGE_GRAPH = "image.onnx"
TEXT_GRAPH = "text.onnx"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class FileSum:
    """A file as it was when the folder was made."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk, described."""

    path: Path
    identity: ModelIdentity
    preprocessing: Preprocessing
    precision: str  # of the image tower
    languages: tuple[str, ...]
    texts_at_once: int  # 1 for a graph that quantises by what is in the pass, or vectors would depend on their company
    files: Mapping[str, FileSum]

    def verify(self) -> None:
        """Read every file and compare its checksum. Raises ModelDamagedError."""
        for name, sums in self.files.items():
            if checksum(self.path / name) != sums.sha256:
                raise _damaged(self.path, f"{name} is not as it was made")


def checksum(path: Path) -> str:
    """The sha256 of a file, in hexadecimal. Raises ModelDamagedError when it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _damaged(path.parent, f"{path.name} can't be read ({error.strerror})") from error


def write_model_folder(
    folder: Path,
    *,
    name: str,
    revision: str,
    dim: int,
    preprocessing: Preprocessing,
    precision: str,
    languages: tuple[str, ...],
    weights: str | None = None,
    texts_at_once: int = BATCH,
) -> ModelFolder:
    """Write `model.json` for the files that lie in `folder`.

    `weights` is the checksum that goes into the identity; without it, it is made from the two graphs themselves.
    """
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    files = {path.name: FileSum(path.stat().st_size, checksum(path)) for path in paths}
    if weights is None:
        graphs = "".join(files[graph].sha256 for graph in (IMAGE_GRAPH, TEXT_GRAPH))
        weights = hashlib.sha256(graphs.encode()).hexdigest()
    identity = ModelIdentity(name, revision, weights, str(preprocessing), dim)
    contents = {
        "format": FORMAT,
        "name": name,
        "revision": revision,
        "checksum": weights,
        "dim": dim,
        "preprocessing": asdict(preprocessing),
        "precision": precision,
        "languages": list(languages),
        "texts_at_once": texts_at_once,
        "files": {file: asdict(sums) for file, sums in files.items()},
    }
    (folder / MANIFEST).write_text(json.dumps(contents, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return ModelFolder(folder, identity, preprocessing, precision, languages, texts_at_once, files)


def read_model_folder(folder: Path) -> ModelFolder:
    """Describe the model in `folder`, after checking that its files are there with their sizes.

    Raises ModelMissingError when there is no model, ModelDamagedError when it isn't whole.
    """
    try:
        contents = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelMissingError(f"There is no model in {printable(folder)}: it has no {MANIFEST}.") from error
    except (OSError, ValueError) as error:
        raise _damaged(folder, f"{MANIFEST} can't be read ({error})") from error
    model = _parse(folder, contents)
    for name, sums in model.files.items():
        path = folder / name
        if not path.is_file():
            raise _damaged(folder, f"{name} is missing")
        if path.stat().st_size != sums.bytes:
            raise _damaged(folder, f"{name} has {path.stat().st_size:,} bytes instead of {sums.bytes:,}")
    return model


def _parse(folder: Path, contents: Any) -> ModelFolder:
    try:
        if contents["format"] != FORMAT:
            raise _damaged(folder, f"its format is {contents['format']}, and this version reads format {FORMAT}")
        preprocessing = Preprocessing(**contents["preprocessing"])
        model = ModelFolder(
            path=folder,
            identity=ModelIdentity(
                name=contents["name"],
                revision=contents["revision"],
                checksum=contents["checksum"],
                preprocessing=str(preprocessing),
                dim=contents["dim"],
            ),
            preprocessing=preprocessing,
            precision=contents["precision"],
            languages=tuple(contents["languages"]),
            texts_at_once=contents["texts_at_once"],
            files={name: FileSum(**sums) for name, sums in contents["files"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(folder, f"{MANIFEST} doesn't say what it must ({error})") from error
    unlisted = {IMAGE_GRAPH, TEXT_GRAPH, TOKENIZER} - model.files.keys()
    if unlisted:
        raise _damaged(folder, f"{MANIFEST} doesn't name {', '.join(sorted(unlisted))}")
    return model


def _damaged(folder: Path, reason: str) -> ModelDamagedError:
    return ModelDamagedError(
        f"The model in {printable(folder)} is damaged: {reason}.",
        "Run `searchengine doctor --repair`, or fetch the model again.",
    )
