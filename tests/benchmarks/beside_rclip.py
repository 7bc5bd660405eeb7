"""This program beside rclip 3.3 and a plain loop, on one machine, in turn, with one model of random weights.

    python -m tests.benchmarks.random_clip WORK/model VOCABULARY
    python -m tests.benchmarks.beside_rclip SETUP WORK [ROW ...]

SETUP is the script that prepares rclip (it has the actions prepare and photos). Everything is made in WORK, once; that
takes half an hour, and 10 GB with the largest row. The rows:

    int8-12mp float32-12mp bfloat16-12mp      indexing with the same model; rclip computes in float32
    int8-small float32-small bfloat16-small   the same, photos of 500 by 375 pixels
    builtin-12mp                              indexing with the model that comes with the program
    loop-12mp loop-small                      in float32, beside a plain loop over transformers
    again-N                                   looking again at N unchanged files
    cold-N repeat-N                           a query from the command line, N photos: new words; the same words again
    killed-small                              what is kept when indexing is killed after five sixths of its time

Each command is run whole, as a person starts it, first the one, then the other, RUNS times; the table gives medians and
their ratio. Our library has met its model before: what a new library does once (the model reads all labels, its 8 bits
are calibrated) isn't counted, and neither is rclip's download.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from searchengine.bench.photos import draw_photos
from searchengine.bench.records import fill
from searchengine.library import Library
from searchengine.settings import Settings

ONE_RUN = Path(__file__).with_name("one_run.py")
RUNS = 5
LARGE, SMALL, CALIBRATION = 240, 300, 300
KILLED_AFTER = 5 / 6  # of the time that all of it takes, the start and the end of the program included
ROWS = (
    "int8-12mp",
    "float32-12mp",
    "int8-small",
    "float32-small",
    "builtin-12mp",
    "again-100000",
    "cold-100",
    "cold-100000",
    "cold-1000000",
    "killed-small",
)
QUERIES = ("two dogs on a beach", "a red car at night", "children in the snow", "a boat on a lake", "an old church")


@dataclass(frozen=True)
class Run:
    seconds: float
    megabytes: float  # at most, mapped files included
    processor: float  # seconds


KILLED = Run(float("nan"), float("nan"), float("nan"))

Command = Callable[..., Run]
"""Runs something for the n-th time; indexing, if it is told so, for so many seconds at most."""


def timed(*command: str | Path, cwd: Path | None = None, seconds: float | None = None, **environ: str | Path) -> Run:
    """Run a command to its end, or kill it, and all that it started, after so many seconds."""
    environment = {**os.environ, **{name: str(value) for name, value in environ.items()}}
    with subprocess.Popen(
        [sys.executable, ONE_RUN, *command], cwd=cwd, env=environment, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return KILLED
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # Ctrl-C reaches only this program
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Run(**json.loads(told))


class Beside:
    def __init__(self, setup: Path, work: Path) -> None:
        self.work, self.models, self.model = work, work / "models", str((work / "model").resolve())
        if not (work / "venv").exists():
            subprocess.run([sys.executable, setup, "prepare", work], check=True)

    def row(self, name: str) -> tuple[Command, Command]:
        kind, _, what = name.partition("-")
        if kind in ("float32", "int8", "bfloat16", "builtin"):
            photos = self.photos(what)
            model, precision = ("builtin", "auto") if kind == "builtin" else (self.model, kind)
            return self.index(photos, model, precision), self.their_index(photos)
        if kind == "loop":
            photos, loop = self.photos(what), Path(__file__).with_name("plain_loop.py")
            return self.index(photos, self.model, "float32"), lambda _: timed(sys.executable, loop, self.model, photos)
        count = int(what)
        # How long looking again takes has nothing to do with the model.
        ours = self.library("builtin" if kind == "again" else self.model, count)
        if kind == "again":
            self.ours("index", library=ours)  # settles what follows from new records
            return lambda _: self.ours("index", library=ours), self.their_walk(ours.parent / "records")

        def words(number: int) -> str:
            """What nobody has asked before, or what has been asked before: our library keeps how the model sees it."""
            return QUERIES[0] if kind == "repeat" else f"{QUERIES[number % len(QUERIES)]} {time.time_ns()}"

        return (
            lambda number: self.ours("search", words(number), library=ours),
            lambda number: self.theirs("-n", words(number), records=ours.parent / "records"),
        )

    # --- this program ---

    def ours(self, *arguments: str | Path, library: Path, seconds: float | None = None) -> Run:
        places = {"SEARCHENGINE_LIBRARY": library, "SEARCHENGINE_MODELS": self.models}
        return timed(sys.executable, "-m", "searchengine", *arguments, seconds=seconds, **places)

    def library(self, model: str, count: int) -> Path:
        """A library of so many records, asked once; its files lie beside it."""
        folder = self.work / f"{Path(model).name}-{count}"
        if not (folder / "library").exists():
            with Library.open(Settings(folder / "library", self.models, model), create=True) as library:
                fill(library, folder / "records", count, lambda *_: None)
                library.refresh_index()
                library.search("a dog")
        return folder / "library"

    def index(self, photos: Path, model: str, precision: str) -> Command:
        met = self.work / f"met-{Path(model).name}"
        if not met.exists():
            # The photos by which the 8 bits are calibrated; all later runs have them, if they want to.
            some = self.work / "some"
            draw_photos(some, CALIBRATION, lambda *_: None, width=400, height=300)
            with Library.open(Settings(met, self.models, model), create=True) as library:
                library.index([some], precision="auto" if model == "builtin" else "int8")
                library.forget(some)

        def run(_: int, seconds: float | None = None) -> Run:
            shutil.rmtree(self.work / "fresh", ignore_errors=True)
            shutil.copytree(met, self.work / "fresh")
            return self.ours("index", photos, "--precision", precision, library=self.work / "fresh", seconds=seconds)

        return run

    def photos(self, name: str) -> Path:
        count, size = (LARGE, {}) if name == "12mp" else (SMALL, {"width": 500, "height": 375})
        folder = self.work / f"photos-{name}-{count}"
        if not folder.exists():
            draw_photos(folder, count, lambda *_: None, **size)
        return folder

    # --- rclip ---

    def theirs(self, *arguments: str, records: Path) -> Run:
        return timed(
            self.work / "venv/bin/rclip", *arguments, cwd=records, RCLIP_DATADIR=self.their_data(records.parent.name)
        )

    def their_data(self, name: str) -> Path:
        """rclip's folder for one set of photos: the model that all share, and a database of its own."""
        data = self.work / f"rclip-{name}"
        if not data.exists():
            data.mkdir()
            for part in (self.work / "rclip").iterdir():
                if part.is_dir():
                    (data / part.name).symlink_to(part)
            if name.rpartition("-")[2].isdecimal():
                self.fill_theirs(data, self.work / name / "records")
        return data

    def fill_theirs(self, data: Path, records: Path) -> None:
        """The same photos in rclip's database, as it writes them."""
        timed(self.work / "venv/bin/rclip", "-n", "anything", cwd=data, RCLIP_DATADIR=data)  # makes the tables
        random = np.random.default_rng(0)
        with sqlite3.connect(data / "db.sqlite3") as connection:
            for folder in sorted(records.resolve().iterdir()):
                files = sorted(os.scandir(folder), key=lambda entry: entry.name)
                vectors = random.standard_normal((len(files), 512)).astype(np.float32)
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
                rows = [
                    (entry.path, entry.stat().st_mtime, entry.stat().st_size, vector.tobytes(), entry.name)
                    for entry, vector in zip(files, vectors, strict=True)
                ]
                connection.executemany(
                    "INSERT INTO images(filepath, modified_at, size, vector, hash) VALUES (?, ?, ?, ?, ?)", rows
                )

    def their_index(self, photos: Path) -> Command:
        def run(_: int, seconds: float | None = None) -> Run:
            data = self.their_data("index")
            for left in data.glob("db.sqlite3*"):
                left.unlink()
            return timed(self.work / "venv/bin/rclip", "anything", cwd=photos, seconds=seconds, RCLIP_DATADIR=data)

        return run

    def their_walk(self, records: Path) -> Command:
        """Looking again comes with a query there; what the query alone takes is taken off."""

        def run(_: int) -> Run:
            whole = self.theirs("anything", records=records)
            alone = self.theirs("-n", "anything", records=records)
            return Run(whole.seconds - alone.seconds, whole.megabytes, whole.processor - alone.processor)

        return run

    # --- killed ---

    def killed(self, what: str) -> str:
        """How many photos each has after its indexing was killed."""
        photos = self.photos(what)
        index, their_index = self.index(photos, self.model, "float32"), self.their_index(photos)
        for run in (index, their_index):
            run(0)  # what is read from disk is in memory from then on
            if run(0, KILLED_AFTER * run(0).seconds) is not KILLED:
                return "     it was through before it was killed"
        kept = (
            _count(self.work / "fresh/library.db", "files"),
            _count(self.their_data("index") / "db.sqlite3", "images"),
        )
        return "".join(f"{f'{each} of {SMALL} kept':>34}" for each in kept)


def _count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # ours


def main(setup: Path, work: Path, rows: list[str]) -> None:
    beside = Beside(setup, work)
    print(f"{'':<16}{'ours':>34}{'rclip, or the loop':>34}{'ours is':>12}")
    for name in rows or ROWS:
        if name.startswith("killed-"):
            print(f"{name:<16}{beside.killed(name.removeprefix('killed-'))}", flush=True)
            continue
        both = beside.row(name)
        for command in both:
            command(0)  # what is read from disk is in memory from then on
        runs = [[command(number) for command in both] for number in range(RUNS)]
        ours, theirs = (list(each) for each in zip(*runs, strict=True))
        with (work / "runs.jsonl").open("a") as file:
            file.write(json.dumps({"row": name, "ours": [vars(r) for r in ours], "rclip": [vars(r) for r in theirs]}))
            file.write("\n")
        a, b = (float(np.median([run.seconds for run in each])) for each in (ours, theirs))
        told = "".join(_told(each) for each in (ours, theirs))
        print(f"{name:<16}{told}{b / a:8.2f} × as fast", flush=True)


def _told(runs: list[Run]) -> str:
    seconds, megabytes, processor = (
        float(np.median([getattr(run, name) for run in runs])) for name in ("seconds", "megabytes", "processor")
    )
    return f"{seconds:9.2f} s ({processor:6.2f} of CPU){megabytes:7,.0f} MB"


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3:])
