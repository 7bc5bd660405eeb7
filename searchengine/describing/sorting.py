"""The photos of a folder, each with the class that it shows: found, decoded and told apart, a batch at a time.

No library is needed, and nothing is written. Where the photos are put, `placing.py` says.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH
from searchengine.embedding.onnx_runtime import processors
from searchengine.errors import PhotoUnreadableError, UsageError, printable
from searchengine.photos.decode import decode
from searchengine.photos.files import read
from searchengine.photos.fingerprint import fingerprint
from searchengine.photos.scan import Scan
from searchengine.store.roots import lies_in

if TYPE_CHECKING:
    from searchengine.describing.zero_shot import ZeroShot
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import FoundFile, Pixels


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo of a folder, with the RAWs of the same shot, which go where it goes."""

    file: FoundFile
    raws: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sorted:
    """A photo that was looked at."""

    shot: Shot
    fingerprint: bytes
    name: str | None  # of its class; None when it shows none of them
    confidence: float  # of the likeliest class, whether or not it is sure enough
    confidences: dict[str, float]  # by class; what is missing to 1 is none of them


def find_shots(folder: Path, *, without: Path | None = None) -> tuple[list[Shot], list[str]]:
    """The photos in a folder and below it, but for those in the folder `without`; and what couldn't be looked at.

    Raises UsageError when it isn't a folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{printable(folder)} is no folder.", "Name one that holds photos.")
    scan = Scan(os.fsencode(folder))
    left_out = None if without is None else os.path.realpath(os.fsencode(without))
    found = [file for file in scan if left_out is None or not lies_in(_real_place(file.path), left_out)]
    raws: dict[bytes, list[bytes]] = {}
    for file in found:
        if file.beside is not None:
            raws.setdefault(file.beside, []).append(file.path)
    shots = [Shot(file, tuple(raws.get(file.path, ()))) for file in found if file.beside is None]
    return shots, [f"{printable(path)}: {reason}." for path, reason in scan.unreadable]


def sort_shots(
    shots: Sequence[Shot], model: EmbeddingModel, classes: ZeroShot, floor: float
) -> Iterator[tuple[list[Sorted], list[str]]]:
    """The photos with their classes, a batch at a time, each with the reasons why some of it couldn't be read.

    `floor`: the confidence below which a photo shows none of the classes. Raises ModelError.
    """

    def look(shot: Shot) -> tuple[bytes, Pixels] | str:
        try:
            data = read(shot.file.path, shot.file.stamp)
            pixels = decode(data, path=shot.file.path, at_least=model.preprocessing.at_least).pixels
            return fingerprint(data), model.prepare(pixels)
        except PhotoUnreadableError as error:
            return error.what

    with ThreadPoolExecutor(processors()) as pool:
        for start in range(0, len(shots), BATCH):
            batch = shots[start : start + BATCH]
            seen = list(zip(batch, pool.map(look, batch), strict=True))
            whole = [(shot, looked) for shot, looked in seen if not isinstance(looked, str)]
            problems = [looked for _, looked in seen if isinstance(looked, str)]
            if not whole:
                yield [], problems
                continue
            sure = classes.confidences(model.encode_prepared(np.stack([pixels for _, (_, pixels) in whole])))
            yield (
                [
                    _sorted(shot, content, dict(zip(classes.names, row.tolist(), strict=True)), floor)
                    for (shot, (content, _)), row in zip(whole, sure, strict=True)
                ],
                problems,
            )


def _sorted(shot: Shot, content: bytes, confidences: dict[str, float], floor: float) -> Sorted:
    likeliest = max(confidences, key=lambda name: confidences[name])
    sure = confidences[likeliest]
    none = 1 - sum(confidences.values())
    return Sorted(shot, content, likeliest if sure >= floor and sure > none else None, sure, confidences)


def _real_place(path: bytes) -> bytes:
    """Where a file lies, which may itself be a link to one elsewhere."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)
