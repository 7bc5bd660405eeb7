"""Indexing in the background: how far it is, its end, and what stops it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from searchengine.errors import LibraryBusyError
from searchengine.indexing.lock import index_lock
from searchengine.records import Progress
from tests.web.conftest import open_library
from web.jobs import IndexJob, JobState

if TYPE_CHECKING:
    from searchengine.library import Library


def ended(job: IndexJob) -> JobState:
    job._thread.join(60)  # type: ignore[union-attr]
    return job.state


def test_nothing_is_indexed_unasked(own: Library) -> None:
    assert IndexJob(own).state == JobState("idle")
    assert IndexJob(own).stop().state == "idle"


def test_a_run_tells_how_far_it_is_and_what_it_did(own: Library, pictures: Path) -> None:
    Image.new("RGB", (40, 40), (9, 90, 200)).save(pictures / "new.png")
    job = IndexJob(own)
    assert job.start().state == "running"
    state = ended(job)
    assert state.state == "done"
    assert (state.seen, state.done, state.scanning, state.problem) == (4, 4, False, None)
    assert state.report is not None
    assert (state.report.added, state.report.unchanged) == (1, 3)


def test_a_folder_is_taken_in(own: Library, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    Image.new("RGB", (40, 40), (9, 90, 200)).save(more / "new.png")
    job = IndexJob(own)
    job.start([more])
    ended(job)
    assert own.database.photos.count() == 4


def test_a_run_that_cannot_be_says_why(own: Library, tmp_path: Path) -> None:
    job = IndexJob(own)
    job.start([tmp_path / "nowhere"])
    state = ended(job)
    assert state.state == "failed"
    assert "nowhere" in str(state.problem)
    job.start()  # and nothing stands in the way of the next one
    assert ended(job).state == "done"


def test_another_program_that_indexes_is_named(own: Library) -> None:
    job = IndexJob(own)
    with index_lock(own.settings.library):
        job.start()
        state = ended(job)
    assert state.state == "failed"
    assert "is being indexed by process" in str(state.problem)
    assert "Wait until that is done" in str(state.next_step)


@pytest.mark.parametrize("ending", ["stop", "close"])
def test_one_run_at_a_time_and_it_can_be_stopped(tmp_path: Path, pictures: Path, ending: str) -> None:
    for number in range(30):
        Image.new("RGB", (40, 40), (9 * number % 256, 90, 200)).save(pictures / f"{number}.png")
    first, go_on = threading.Event(), threading.Event()

    class Waiting(IndexJob):
        def _tell(self, progress: Progress) -> None:
            super()._tell(progress)
            first.set()
            assert go_on.wait(60)

    with open_library(tmp_path) as library:
        job = Waiting(library)
        job.start([pictures])
        assert first.wait(60)
        with pytest.raises(LibraryBusyError, match="indexed already"):
            job.start()
        assert job.stop().state == "stopping"
        go_on.set()
        job.close() if ending == "close" else ended(job)
        state = job.state
        assert state.state == "done"
        assert state.report is not None
        assert state.report.interrupted
        assert library.index([pictures]).interrupted is False
        assert library.database.photos.count() == 33
