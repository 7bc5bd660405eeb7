"""One run of the indexer: what is done in which order, and what may be concluded when all of a root was seen."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from searchengine.indexing.changes import Comparison, Work
from searchengine.indexing.from_thumbnails import from_thumbnails
from searchengine.indexing.parallel import ParallelWork
from searchengine.indexing.reader import Reader, Vanished
from searchengine.indexing.report import Tally
from searchengine.indexing.roots import device_of
from searchengine.indexing.writer import Writer
from searchengine.photos.decode import DECODER
from searchengine.photos.look import look_of_thumbnail
from searchengine.photos.placeholder import placeholder
from searchengine.photos.scan import Scan
from searchengine.photos.thumbnails import Thumbnails
from searchengine.records import Failure, FoundFile, IndexReport, Progress, Root, Stamp
from searchengine.store.database import Database
from searchengine.store.roots import inside, lies_in

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.store.looks import Looks
    from searchengine.store.placeholders import Placeholders

OnProgress = Callable[[Progress], None]

PROGRESS_EVERY = 0.1  # seconds


class Run:
    """One run, from its first file to its report."""

    def __init__(
        self,
        database: Database,
        model: EmbeddingModel,
        thumbnails: Thumbnails,
        stop: threading.Event,
        threads: int,
        progress: OnProgress | None,
    ) -> None:
        with database.writing():
            self.model_id = database.models.register(model.identity)
        self._database = database
        self._stop = stop
        self._threads = threads
        self._progress = progress
        self._told = 0.0  # when progress was last sent
        self._tally = Tally()
        self._thumbnails = thumbnails
        self._reader = Reader(database.photos, model, self.model_id, thumbnails)
        self._writer = Writer(database, model, self.model_id, self._tally)
        self._lacking = set(database.embeddings.lacking(self.model_id).tolist())
        self._vanished: list[Work] = []
        self._seen = 0  # files met in roots that are done
        self._taken = 0  # files of the present root that were read

    def index(self, roots: Sequence[Root]) -> None:
        """Walk these roots, then see which places that are gone have only moved, and what older photos lack."""
        for root in roots:
            if not self._stop.is_set():
                self._index_root(root)
        if not self._stop.is_set():
            self._settle_moves()
            self._fill_in(self._database.looks, look_of_thumbnail)
            self._fill_in(self._database.placeholders, placeholder)

    def embed_missing(self) -> None:
        """Read each photo without a vector, from one of its places."""
        due = sorted(self._lacking)
        work = (
            Work(FoundFile(path, Stamp(file.size, file.mtime_ns, file.sidecar_ns)), root_id, file)
            for path, root_id, file in self._database.files.within_reach(due)
        )
        self._process(work, lambda: (len(due), 0))

    def report(self) -> IndexReport:
        """What was done so far."""
        return self._tally.report(interrupted=self._stop.is_set())

    def _index_root(self, root: Root) -> None:
        database = self._database
        if not self._is_there(root):
            return
        inner = [other.path for other in database.roots.all() if lies_in(other.path, root.path)]
        library = os.path.realpath(bytes(database.file.parent))  # the thumbnails in it are no photos
        elsewhere = tuple(inside(folder) for folder in (*inner, library))
        comparison = Comparison(
            root.id,
            dict(database.files.known(root.id)),
            {failure.path: failure for failure in database.failures.of_root(root.id)},
            self._lacking,
            DECODER,
        )
        scan = Scan(root.path, root.exclude, known=comparison.knows)
        ours = (found for found in scan if not found.path.startswith(elsewhere))
        try:
            self._process(comparison.work(ours), comparison.progress)
            if not self._stop.is_set():
                self._attach_companions(comparison)
            # Asked again: a drive that was unplugged during the walk makes its files vanish, one after the other.
            if not self._stop.is_set() and self._is_there(root):
                self._settle_absent(comparison, [path for path, _ in scan.unreadable])
        finally:
            self._tally.unchanged += comparison.unchanged
            self._tally.unreadable += comparison.unreadable
            self._tell_of_closed(scan)
            self._tally.not_photos += scan.not_photos
            self._seen += comparison.seen
            self._taken = 0
            self._vanished = []

    def _tell_of_closed(self, scan: Scan) -> None:
        """What couldn't be entered leads the report: whole folders may hide there. It isn't kept as a failure."""
        # A link that leads nowhere is no photo that is lost.
        closed = [
            (path, reason)
            for path, reason in scan.unreadable
            if not os.path.islink(path)  # noqa: PTH114  # paths are bytes
        ]
        self._tally.failures[:0] = [Failure(path, reason, Stamp(0, 0), DECODER) for path, reason in closed]
        self._tally.unreadable += len(closed)

    def _is_there(self, root: Root) -> bool:
        database = self._database
        files = database.files.count(root.id)
        device = device_of(root, holds_files=files > 0)
        with database.writing():
            if device is not None:
                database.roots.seen(root.id, device)
                return True
            database.roots.away(root.id)
        self._tally.offline += files
        return False

    def _process(self, work: Iterable[Work], progress: Callable[[], tuple[int, int]]) -> None:
        """Read, embed and commit; `progress` gives how many files were met, and how many needn't be read."""
        try:
            with ParallelWork(work, self._reader.read, threads=self._threads, stop=self._stop) as outcomes:
                for outcome in outcomes:
                    path = None
                    if outcome is not None:
                        self._writer.add(outcome)
                        self._taken += 1
                        path = outcome.work.found.path
                        if isinstance(outcome, Vanished):
                            self._vanished.append(outcome.work)
                    self._writer.flush_if_due()
                    self._tell(*progress(), scanning=not outcomes.all_made, path=path)
            self._writer.flush()
            self._tell(*progress(), scanning=False, path=None, at_once=True)
        except KeyboardInterrupt:  # from a caller's progress: Ctrl-C itself only sets `stop`
            self._stop.set()
            self._writer.flush()

    def _attach_companions(self, comparison: Comparison) -> None:
        """The RAWs that have a picture beside them: their photo is the picture's."""
        database = self._database
        attached, alone = comparison.companions(database.files.photos_at)
        with database.writing():
            database.files.place([place for place, _ in attached])
            database.failures.forget([place.path for place, _ in attached])
        for place, before in attached:
            if before is None:
                self._tally.gain(place.photo_id, place.path, companion=True)
            else:
                self._tally.changed += 1
        self._taken += len(attached)
        if alone:
            self._process(alone, comparison.progress)

    def _settle_absent(self, comparison: Comparison, unreadable: Sequence[bytes]) -> None:
        """The whole root was seen: what wasn't met is gone, and what was missing may be back."""
        gone, failures = comparison.gone(unreadable)
        gone |= {work.found.path: work.before for work in self._vanished if work.before is not None}
        with self._database.writing():
            self._database.files.mark_missing([file.id for file in gone.values()])
            self._database.files.mark_missing(comparison.back, missing=False)
            self._database.failures.forget(failures)
        self._tally.lost |= set(gone)

    def _settle_moves(self) -> None:
        """A place that is gone is forgotten when its photo has a new one: it moved."""
        gained = self._tally.gained
        moved = []
        for photo_id, places in self._database.files.missing_of(list(gained)).items():
            for old, _ in zip(places, tuple(gained[photo_id]), strict=False):
                self._tally.move(photo_id, old)
                moved.append(old)
        with self._database.writing():
            self._database.files.forget(moved)

    def _fill_in(self, kept: Looks | Placeholders, work_out: Callable[[bytes], bytes]) -> None:
        """Write down what photos lack that came into the library before it was kept."""
        lacking = kept.lacking()
        for done, made in from_thumbnails(lacking, work_out, self._thumbnails, self._threads):
            with self._database.writing():
                kept.write(made)
            self._tell(len(lacking), done, scanning=False, path=None)
            if self._stop.is_set():
                return

    def _tell(self, met: int, settled: int, *, scanning: bool, path: bytes | None, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._progress is None or (now - self._told < PROGRESS_EVERY and not at_once):
            return
        self._told = now
        seen, done = self._seen + met, self._seen + settled + self._taken
        self._progress(Progress(seen, min(done, seen), self._tally.embedded, scanning, path))
