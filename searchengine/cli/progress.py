"""How far long work is: a bar on a terminal, a line now and then elsewhere; always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from searchengine.cli.output import note
from searchengine.errors import printable
from searchengine.records import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

LINE_EVERY = 5.0  # seconds, where there is no terminal


class ShowProgress(Protocol):
    """What the indexer calls a few times a second."""

    def __call__(self, progress: Progress, /) -> None: ...


class ShowWork(Protocol):
    """What training and measuring call: a stage of the work, how much of it is done, how much there is, a remark."""

    def __call__(self, stage: str, done: int, whole: int, remark: str, /) -> None: ...


@contextmanager
def showing_progress() -> Iterator[ShowProgress]:
    """A function to hand to `Library.index`, which shows what it is given for as long as the block lasts."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def showing_bytes(name: str) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many bytes of a download have come and how many there are."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(name),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda come, total: bar.update(task, completed=come, total=total)


@contextmanager
def showing_work() -> Iterator[ShowWork]:
    """A function to hand to whatever trains or measures, which shows a bar for each stage of it."""
    if sys.stderr.isatty():
        with _bars() as show:
            yield show
    else:
        yield _work_lines()


@contextmanager
def _bars() -> Iterator[ShowWork]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[remark]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def show(stage: str, done: int, whole: int, remark: str) -> None:
        if stage not in tasks:
            tasks[stage] = bar.add_task(stage, remark="")
        bar.update(tasks[stage], completed=done, total=whole, remark=remark)

    with bar:
        yield show


def _work_lines() -> ShowWork:
    last = time.monotonic()

    def show(stage: str, done: int, whole: int, remark: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_EVERY:
            last = now
            note(f"{stage}: {done:,} of {whole:,}{', ' if remark else ''}{remark}")

    return show


@contextmanager
def _bar() -> Iterator[ShowProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    task: TaskID = bar.add_task("", total=None, rate="")
    rate = _Rate()

    def show(progress: Progress) -> None:
        name = printable(progress.path).rpartition("/")[2] if progress.path else ""
        bar.update(
            task,
            completed=progress.done,
            total=None if progress.scanning else progress.seen,
            description=name[-40:],
            rate=f"{rate(progress.embedded):.0f} photos/s",
        )

    with bar:
        yield show


def _lines() -> ShowProgress:
    rate = _Rate()
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LINE_EVERY:
            return
        last = now
        total = f"{progress.seen}{'+' if progress.scanning else ''}"
        note(f"{progress.done} of {total} files, {progress.embedded} embedded, {rate(progress.embedded):.0f} photos/s")

    return show


class _Rate:
    """Photos embedded a second, over the whole run."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, embedded: int) -> float:
        return embedded / max(time.monotonic() - self._start, 0.1)
