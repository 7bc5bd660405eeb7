"""The measurements, each beside its floor."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from searchengine.bench.figures import Figure, Machine, Report, Tell
from searchengine.bench.photos import draw_photos, photos_in
from searchengine.bench.records import fill
from searchengine.embedding.base import BATCH
from searchengine.errors import PhotoUnreadableError, SearchEngineError, UsageError, printable
from searchengine.indexing.pipeline import THREADS
from searchengine.library import Library
from searchengine.photos.decode import decode
from searchengine.photos.files import read
from searchengine.resources import background_sentences
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import FoundFile, Pixels

T = TypeVar("T")

DRAWN = 24
"""Photos that are drawn where none are given."""

LEAST = 2.0
"""Seconds that a rate is measured for."""

COLD, WARM, AGAIN = 5, 50, 3
"""How often each is repeated; the figures are medians."""


def bench(models: Path, model: str, photos: Path | None, records: int, tell: Tell) -> Report:
    """Measure everything: with these photos, or drawn ones, and on a library of so many records.

    `models`: the folder of the models. Raises UsageError where there are no photos, and ModelError.
    """
    with tempfile.TemporaryDirectory(prefix="searchengine-bench-") as name:
        folder = Path(name)
        if photos is None:
            draw_photos(folder / "photos", DRAWN, tell)
        found = photos_in(photos or folder / "photos")
        if not found:
            raise UsageError(f"There are no photos in {printable(photos or folder)}.", "Name a folder that holds some.")
        settings = Settings(folder / "library", models, model)
        with Library.open(settings, create=True) as library:
            indexing = tuple(_indexing(library, photos or folder / "photos", found, tell))
            fill(library, folder / "records", records, tell)
            looking = tuple(_looking_again(library, folder / "records", tell))
            warm = tuple(_warm_queries(library, tell))
            identity, precision = library.model_identity.name, library.model.precision
        cold = tuple(_cold_queries(settings, tell))
    figures = (*indexing, *looking, *cold, *warm)
    return Report(
        Machine(),
        identity,
        precision,
        f"{len(found):,} {'drawn, 12 megapixels' if photos is None else 'given'}",
        records,
        figures,
    )


# --- taking photos in ---


def _indexing(library: Library, folder: Path, found: Sequence[FoundFile], tell: Tell) -> Iterator[Figure]:
    model = library.models.open(library.model_identity.name)  # as the indexer has it: on a GPU where there is one
    prepared, decoding = _decode(model, found, tell)
    yield Figure("decode", decoding, "photos/s")
    forward = _forward(model, prepared, tell)
    yield Figure("forward", forward, "photos/s")
    # A new library's first run also has the model read all labels, once; that is no photo's cost.
    report = library.index([folder], progress=lambda now: tell("indexing", now.done, now.seen, ""))
    # On a processor the two share its cores.
    floor = 1 / (1 / decoding + 1 / forward)
    yield Figure("index", report.embedded / report.seconds, "photos/s", floor, "decode and forward, nothing else")


def _decode(model: EmbeddingModel, found: Sequence[FoundFile], tell: Tell) -> tuple[list[Pixels], float]:
    """The model's inputs, and how many photos a second are read, decoded and made into them."""

    def prepare(each: FoundFile) -> Pixels | None:
        try:
            data = read(each.path, each.stamp)
            at_least = model.preprocessing.at_least
            return model.prepare(decode(data, path=each.path, at_least=at_least, stamp=each.stamp).pixels)
        except PhotoUnreadableError:
            return None

    prepared: list[Pixels] = []
    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for done, pixels in enumerate(pool.map(prepare, found), start=1):
            prepared += [] if pixels is None else [pixels]
            tell("decoding", done, len(found), "")
    return prepared, len(found) / (time.perf_counter() - start)


def _forward(model: EmbeddingModel, prepared: Sequence[Pixels], tell: Tell) -> float:
    """How many photos a second the model encodes, in the indexer's batches."""
    if not prepared:
        raise UsageError("None of the photos can be read.", "Name a folder that holds others.")
    batch = np.stack([prepared[place % len(prepared)] for place in range(BATCH)])
    model.encode_prepared(batch)  # loads it
    encoded, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < LEAST:
        tell("forward", round(seconds * 10), round(LEAST * 10), "")
        model.encode_prepared(batch)
        encoded += BATCH
    return encoded / seconds


# --- looking again ---


def _looking_again(library: Library, folder: Path, tell: Tell) -> Iterator[Figure]:
    library.index()  # settles what follows from new records: labels, the vector index
    seconds = _times(library.index, [()] * AGAIN, "looking again", tell)
    floor = _times(_walk, [os.fsencode(folder)] * AGAIN, "walking", tell)
    yield Figure("look again", float(np.median(seconds)), "s", float(np.median(floor)), "a walk with `stat`")


def _walk(folder: bytes) -> None:
    """Ask the system for each file's size and time, and nothing else."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                _walk(entry.path)
            else:
                entry.stat()


# --- asking ---


def _warm_queries(library: Library, tell: Tell) -> Iterator[Figure]:
    """Of a program that is running: each query is another one, so that nothing is known of it."""
    library.search("a warm welcome")
    times = _times(library.search, background_sentences()[:WARM], "warm queries", tell)
    encoding = _times(library.model.encode_texts, [[words] for words in background_sentences()[:WARM]], "words", tell)
    median, slow = 1000 * np.percentile(times, (50, 95))
    yield Figure("warm query, p50", float(median), "ms", 1000 * float(np.median(encoding)), "the words' vector alone")
    yield Figure("warm query, p95", float(slow), "ms")


def _cold_queries(settings: Settings, tell: Tell) -> Iterator[Figure]:
    """Of a process that has just been started, from the shell's point of view."""
    environ = {**os.environ, "SEARCHENGINE_MODELS": str(settings.models), "SEARCHENGINE_LIBRARY": str(settings.library)}
    memory: list[int] = []

    def ask(words: str) -> None:
        command = [sys.executable, "-m", "searchengine.bench.peak", "search", words]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):  # 1: nothing fits
            raise SearchEngineError(f"A query in a process of its own failed: {done.stderr.strip()}")
        memory.append(int(done.stderr.rpartition("\n")[0].rpartition("\n")[2] or 0))

    ask("before everything else")
    times = _times(ask, background_sentences()[-COLD:], "cold queries", tell)
    start = _times(lambda program: subprocess.run([sys.executable, "-c", program], check=True), [""] * COLD, "", None)
    yield Figure("cold query", float(np.median(times)), "s", float(np.median(start)), "Python itself")
    yield Figure("cold query, memory", max(memory) / 1e6, "MB")


# --- timing ---


def _times(do: Callable[[T], object], inputs: Sequence[T], stage: str, tell: Tell | None) -> list[float]:
    """The seconds that each takes."""
    times = []
    for done, each in enumerate(inputs, start=1):
        start = time.perf_counter()
        do(each)
        times.append(time.perf_counter() - start)
        if tell is not None:
            tell(stage, done, len(inputs), "")
    return times
