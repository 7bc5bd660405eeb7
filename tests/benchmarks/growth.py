"""What looking again, a query, a rebuild, memory and disk cost as a library grows, as figures and as curves.

    python -m tests.benchmarks.growth WORK PICTURE [PHOTOS ...]

Libraries of made-up records (those of `searchengine bench`) with the built-in model's vectors, made in WORK once: a
million take ten minutes and 6 GB. Each command is run whole, three times, the rebuild once; the figures are medians.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import time_ns

from searchengine.bench.records import fill
from searchengine.library import Library
from searchengine.settings import Settings
from tests.benchmarks.beside_rclip import Run, timed

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RUNS = 3
REBUILD = """
from searchengine.library import Library
from searchengine.settings import Settings
with Library.open(Settings.choose()) as library:
    library.index_file.unlink(missing_ok=True)
    library.refresh_index()
"""


@dataclass(frozen=True)
class Grown:
    """The figures of one size: seconds, megabytes, bytes a photo."""

    photos: int
    again: float
    query: float
    query_memory: float
    repeated: float
    rebuild: float
    rebuild_memory: float
    database: float
    vectors: float
    least: float  # the vectors in float16, and nothing else


def measure(work: Path, photos: int) -> Grown:
    models, library = work / "models", work / str(photos) / "library"
    if not library.exists():
        with Library.open(Settings(library, models, "builtin"), create=True) as filled:
            fill(filled, work / str(photos) / "records", photos, lambda *_: None)
    places = {"SEARCHENGINE_LIBRARY": library, "SEARCHENGINE_MODELS": models}

    def ran(*arguments: str) -> list[Run]:
        return [timed(sys.executable, *arguments, **places) for _ in range(RUNS)]

    program = ("-m", "searchengine")
    ran(*program, "index")  # settles what follows from new records
    rebuild = timed(sys.executable, "-c", REBUILD, **places)
    again = ran(*program, "index")
    ran(*program, "search", "a dog")
    query = [timed(sys.executable, *program, "search", f"a dog {time_ns()}", **places) for _ in range(RUNS)]
    repeated = ran(*program, "search", "a dog")
    with Library.open(Settings(library, models)) as opened:
        dim = opened.model_identity.dim
    return Grown(
        photos,
        again=median(run.seconds for run in again),
        query=median(run.seconds for run in query),
        query_memory=median(run.megabytes for run in query),
        repeated=median(run.seconds for run in repeated),
        rebuild=rebuild.seconds,
        rebuild_memory=rebuild.megabytes,
        database=(library / "library.db").stat().st_size / photos,
        vectors=sum(file.stat().st_size for file in library.glob("vectors-*.faiss")) / photos,
        least=2.0 * dim,
    )


def draw(figures: list[Grown], picture: Path) -> None:
    """The figures as curves, on scales that grow tenfold."""
    from matplotlib.figure import Figure

    panels = (
        (
            "seconds",
            "log",
            {
                "rebuild": "index made anew",
                "again": "look again",
                "query": "a query",
                "repeated": "the same words again",
            },
        ),
        ("megabytes at most", "log", {"rebuild_memory": "index made anew", "query_memory": "a query"}),
        (
            "bytes on disk, a photo",
            "linear",
            {"database": "database", "vectors": "index", "least": "the vectors and nothing else"},
        ),
    )
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, (unit, scale, titles) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        for name, title in titles.items():
            axes.plot([each.photos for each in figures], [getattr(each, name) for each in figures], "o-", label=title)
        axes.set(xscale="log", yscale=scale, xlabel="photos", title=unit)
        if scale == "linear":
            axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(picture, dpi=110)


def main(work: Path, picture: Path, sizes: list[int]) -> None:
    figures = []
    for photos in sizes or SIZES:
        figures.append(measure(work.resolve(), photos))
        print(json.dumps(vars(figures[-1])), flush=True)
    draw(figures, picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [int(each) for each in sys.argv[3:]])
