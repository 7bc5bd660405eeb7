"""How long searches of a large library take, warm, and whether they equal the brute-force answer.

    python -m tests.benchmarks.search_speed [PHOTOS]

Synthetic vectors of 512 numbers with facts; what the text tower takes comes on top.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.ranking.relevance import THRESHOLDS, relevance_of_text
from searchengine.records import Band, ModelIdentity, PhotoFacts, Query
from searchengine.searching.live_index import LiveIndex
from searchengine.searching.searcher import Searcher
from searchengine.searching.yardsticks import Yardsticks
from tests.searching.libraries import ROOT, SmallLibrary, identity, no_sentences

DIM, TOPICS, REPEATS = 512, 200, 9
LINES = [
    "topic 7",
    "topic 7 format:jpeg",
    "topic 7 camera:canon",
    "topic 7 date:2015..2019 width:>2000",
    "topic 7 folder:trip3",
    "topic 7 near:48.85,2.35,500km",
    "topic 7 -is:offline -format:heic",
    '"topic 7" -"topic 9"',
    "topic 7 topic 8 OR topic 9 format:png",
    "topic 7 like:5",
    "format:jpeg width:>2000",
]


class TopicModel(EmbeddingModel):
    """Knows two hundred topics: each is a direction, and photos lie around them."""

    precision, languages, preprocessing = "float32", (), Preprocessing(8, 8, "squash", 8, "bilinear")

    def __init__(self) -> None:
        self.identity: ModelIdentity = identity(DIM, "topics")
        self.topics = np.random.default_rng(0).normal(size=(TOPICS, DIM)).astype(np.float32)

    def _encode_texts(self, texts: list[str]) -> np.ndarray:
        return np.stack([self._text(text) for text in texts])

    def _text(self, text: str) -> np.ndarray:
        numbers = [int(word) for word in text.split() if word.isdecimal()] or [sum(map(ord, text)) % TOPICS]
        noise = np.random.default_rng(sum(map(ord, text))).normal(size=DIM)
        return self.topics[numbers].sum(axis=0) + 0.3 * noise

    def _encode_prepared(self, batch: np.ndarray) -> np.ndarray:
        raise NotImplementedError


def fill(folder: Path, model: TopicModel, photos: int) -> SmallLibrary:
    random = np.random.default_rng(1)
    library = SmallLibrary(folder, model.identity)
    for start in range(0, photos, 5000):
        count = min(5000, photos - start)
        vectors = model.topics[random.integers(0, TOPICS, count)] + 1.2 * random.normal(size=(count, DIM))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        facts = [
            PhotoFacts(
                *(int(random.integers(500, 6000)), 3000, str(random.choice(["jpeg", "jpeg", "png", "heic"]))),
                datetime(2010, 1, 1) + timedelta(minutes=int(random.integers(0, 6_000_000))),  # noqa: DTZ001
                "exif",
                str(random.choice(["Canon EOS R5", "NIKON Z 6", "iPhone 15"])),
                latitude=float(random.uniform(40, 55)),
                longitude=float(random.uniform(-5, 15)),
            )
            for _ in range(count)
        ]
        paths = [b"%s/trip%d/%06d.jpg" % (ROOT, number % 20, number) for number in range(start, start + count)]
        library.add(vectors.astype(np.float32), facts=facts, paths=paths)
    return library


def main(photos: int) -> None:
    model = TopicModel()
    with tempfile.TemporaryDirectory() as folder:
        library = fill(Path(folder) / "library", model, photos)
        database, model_id = library.database, library.model_id
        index = LiveIndex(database, model_id, model.identity, Path(folder) / "vectors.faiss", no_sentences)
        index.refresh()
        yardsticks = Yardsticks(database, model_id, lambda: model, Path(folder) / "yardstick.npz")
        searcher = Searcher(database, index, lambda: model, yardsticks)
        for line in LINES:
            searcher.search(Query(line))
            walls, processors = [], []
            for _ in range(REPEATS):
                wall, processor = time.perf_counter(), time.process_time()
                results = searcher.search(Query(line))
                walls.append(time.perf_counter() - wall)
                processors.append(time.process_time() - processor)
            print(
                f"{1000 * np.median(walls):6.1f} ms (best {1000 * min(walls):5.1f}, processor "
                f"{1000 * min(processors):5.1f})  {len(results):3} hits{'' if results.fits else ' (none fits)'}  {line}"
            )
        check(library, searcher, yardsticks, model)


def check(library: SmallLibrary, searcher: Searcher, yardsticks: Yardsticks, model: TopicModel) -> None:
    """The whole answer to some words with a condition, against every photo looked at."""
    allowed = set(library.database.photos.matching(()).tolist())
    ids, vectors = library.database.embeddings.of(library.model_id, sorted(allowed))
    photos = library.database.photos.get(ids.tolist())
    relevance = relevance_of_text(yardsticks.get(), model.encode_texts(["topic 7"])[0], vectors)
    fitting = {
        photo.id
        for photo, sure in zip(photos, relevance, strict=True)
        if sure >= THRESHOLDS[Band.WEAK] and photo.facts.format == "jpeg" and photo.facts.width > 2000
    }
    found = searcher.search(Query("topic 7 format:jpeg width:>2000", expand=True, limit=10**6))
    answer = {hit.id for hit in found} if found.fits else set()
    print(f"brute force finds {len(fitting)}, the search {len(answer)}, of which {len(fitting & answer)} are the same")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
