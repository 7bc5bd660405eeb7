"""What a walk over a root finds, compared with what the library knows: which files must be read, which are gone.

Works on memory alone. A file whose stamp is the known one isn't opened; for every other one its content decides, and
that is the reader's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from searchengine.records import Failure, FoundFile, Stamp
from searchengine.store.files import KnownFile, Place
from searchengine.store.roots import lies_in


@dataclass(frozen=True, slots=True)
class Work:
    """A file that must be read."""

    found: FoundFile
    root_id: int
    before: KnownFile | None  # what the library knows of this path


class Comparison:
    """One root's files, on the disk and in the library."""

    def __init__(
        self,
        root_id: int,
        known: dict[bytes, KnownFile],
        failures: Mapping[bytes, Failure],
        lacking: set[int],
        decoder: str,
    ) -> None:
        """`lacking`: the photos without a vector by the model in use; each is read once more, from one of its places.
        `known` and `lacking` are used up."""
        self.seen = 0
        self.unchanged = 0
        self.unreadable = 0  # failures of earlier runs that haven't changed
        self.back: list[int] = []  # ids of files that were missing and are there again
        self._companions: list[Work] = []
        self._root_id = root_id
        self._known = known  # what the walk hasn't met yet
        self._failures = failures
        self._failed: set[bytes] = set()  # of the failures, those that the walk has met
        self._lacking = lacking
        self._decoder = decoder

    def knows(self, path: bytes) -> bool:
        """Whether the library has met this file as a photo, so that it needn't be opened to see that it is one."""
        return path in self._known or path in self._failures

    def progress(self) -> tuple[int, int]:
        """How many files were met, and how many of them needn't be read."""
        return self.seen, self.unchanged + self.unreadable

    def work(self, found_files: Iterable[FoundFile]) -> Iterator[Work]:
        """Of the files found, those that must be read. RAWs beside a picture wait for `companions`."""
        for found in found_files:
            self.seen += 1
            before = self._known.pop(found.path, None)
            if before is not None and self._is_as_before(found, before):
                self.unchanged += 1
                continue
            work = Work(found, self._root_id, before)
            if found.path in self._failures:
                self._failed.add(found.path)
            if found.beside is not None:
                self._companions.append(work)
            elif self._must_be_read(work):
                yield work

    def companions(
        self, photos_at: Callable[[Sequence[bytes]], Mapping[bytes, int]]
    ) -> tuple[list[tuple[Place, KnownFile | None]], list[Work]]:
        """The RAWs beside a picture, once the pictures are written: new places of the pictures' photos, unread.

        Where the picture turned out to be unreadable there is no photo to belong to, and the RAW is read itself.
        `photos_at` gives the photos at paths.
        """
        photos = photos_at([work.found.beside for work in self._companions if work.found.beside is not None])
        attached, alone = [], []
        for work in self._companions:
            found, before = work.found, work.before
            photo_id = photos.get(found.beside or b"")
            if photo_id is None:
                own = replace(work, found=replace(found, beside=None))
                if self._must_be_read(own):
                    alone.append(own)
            elif before is not None and _is_attached(before, found, photo_id):
                self.unchanged += 1
            else:
                attached.append((Place(found.path, self._root_id, photo_id, found.stamp, found.beside), before))
        return attached, alone

    def gone(self, unreadable: Sequence[bytes]) -> tuple[dict[bytes, KnownFile], list[bytes]]:
        """After the walk: the known files that it didn't meet, and the paths of failures that it didn't meet.

        Nothing is said of what lies in a folder that couldn't be looked at.
        """

        def out_of_sight(path: bytes) -> bool:
            return any(path == folder or lies_in(path, folder) for folder in unreadable)

        files = {path: file for path, file in self._known.items() if not file.missing and not out_of_sight(path)}
        failures = [path for path in self._failures if path not in self._failed and not out_of_sight(path)]
        return files, failures

    def _is_as_before(self, found: FoundFile, before: KnownFile) -> bool:
        """Whether nothing at all is to be done about a file, as of nearly every one of a library that is looked at
        again: so this is asked first, and quickly."""
        stamp = found.stamp
        return (
            before.mtime_ns == stamp.mtime_ns
            and before.size == stamp.size
            and before.sidecar_ns == stamp.sidecar_ns
            and found.beside is None
            and before.beside is None
            and not before.missing
            and before.photo_id not in self._lacking
            and found.path not in self._failures
        )

    def _must_be_read(self, work: Work) -> bool:
        found, before = work.found, work.before
        failure = self._failures.get(found.path)
        if failure is not None and (failure.stamp, failure.decoder) == (found.stamp, self._decoder):
            self.unreadable += 1
            return False
        if before is None or before.beside is not None or _stamp(before) != found.stamp:
            return True
        if before.missing:
            self.back.append(before.id)
        if before.photo_id in self._lacking:
            self._lacking.discard(before.photo_id)
            return True
        self.unchanged += 1
        return False


def _is_attached(before: KnownFile, found: FoundFile, photo_id: int) -> bool:
    as_it_is = (before.photo_id, before.beside, before.missing, _stamp(before))
    return as_it_is == (photo_id, found.beside, False, found.stamp)


def _stamp(known: KnownFile) -> Stamp:
    return Stamp(known.size, known.mtime_ns, known.sidecar_ns)
