"""The photos that are there more than once: the same file at several places, and near-copies of it.

Near-copies are crops, other sizes, encodings and exposures of one shot. The frames of a burst aren't: they were taken
one after the other, and nobody but a person can say which of them can go. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.ranking.grouping import Traits
from searchengine.ranking.near_pairs import near_pairs
from searchengine.searching.keeping import best_first, places, reasons
from searchengine.store.roots import lies_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Ids, Photo, PhotoFile
    from searchengine.store.database import Database

    Tell = Callable[[str, int, int, str], None]

ANOTHER_SHOT = 1.0
"""From so many seconds apart, two photos are two shots and no copies: less may be a fraction that an editor dropped.
Frames of a burst that bear the same second are taken for copies only where they look it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a group."""

    photo: Photo
    file: PhotoFile
    exact: bool  # the same bytes as the one to keep


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """One picture that is there more than once."""

    keep: Copy
    why: tuple[str, ...]  # what the one to keep has before the others
    others: tuple[Copy, ...]  # exact ones first

    @property
    def spare_bytes(self) -> int:
        """What the other files take."""
        return sum(copy.file.stamp.size for copy in self.others)


class Duplicates:
    """Finds what a library holds more than once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, *, folder: bytes | None = None, tell: Tell | None = None) -> tuple[DuplicateGroup, ...]:
        """Every group, those that take most room first; with `folder`, those with a file in it or below.

        Each file of a group is held against the one to keep, so that a script may go by it. `tell` hears how far it is.
        """
        near = self._near(tell)
        several = self._database.looks.at_several_places()
        involved = sorted({photo_id for pair in near for photo_id in pair} | set(several))
        photos = {photo.id: photo for photo in self._database.photos.get(involved) if places(photo)}
        groups = [_group(photos_alike) for photos_alike in _stars(photos, near)]
        found = [group for group in groups if group is not None and (folder is None or _touches(group, folder))]
        return tuple(sorted(found, key=lambda group: (-group.spare_bytes, group.keep.file.path)))

    def _near(self, tell: Tell | None) -> list[tuple[int, int]]:
        """The ids of photos that are near-copies of each other."""
        active = self._database.models.active()
        if active is None:
            return []
        ids, vectors = self._vectors(active[0])
        if not len(ids):
            return []
        looks, times = self._database.looks.of(ids)
        mean = vectors.mean(axis=0)
        traits = Traits(vectors, looks, np.full(len(ids), np.nan))  # as if taken at any time: bursts are none

        def told(done: int, whole: int) -> None:
            if tell is not None:
                tell("comparing", done, whole, "")

        pairs = near_pairs(traits, float(mean @ mean), told)  # (k, 2)
        apart = np.abs(times[pairs[:, 0]] - times[pairs[:, 1]]) >= ANOTHER_SHOT  # an unknown time is no other one
        return [(int(one), int(other)) for one, other in ids[pairs[~apart]]]

    def _vectors(self, model_id: int) -> tuple[Ids, NDArray[np.float32]]:
        """The photos that aren't hidden and have a vector, int64 (n,), and those, float32 (n, dim)."""
        parts = [(ids, vectors) for _, ids, vectors in self._database.embeddings.since(model_id, 0)]
        if not parts:
            return np.empty(0, np.int64), np.empty((0, 0), np.float32)
        ids = np.concatenate([each for each, _ in parts])
        shown = ~np.isin(ids, self._database.photos.hidden())
        return ids[shown], np.concatenate([vectors for _, vectors in parts])[shown]


def _stars(photos: dict[int, Photo], near: Sequence[tuple[int, int]]) -> list[list[Photo]]:
    """Photos in groups, each with the one to keep first, and all others alike that one."""
    alike: dict[int, set[int]] = {photo_id: set() for photo_id in photos}
    for one, other in near:
        if one in photos and other in photos:
            alike[one].add(other)
            alike[other].add(one)
    taken: set[int] = set()
    stars = []
    for photo in best_first(list(photos.values())):
        if photo.id not in taken:
            members = [photo.id, *sorted(alike[photo.id] - taken)]
            taken.update(members)
            stars.append([photos[photo_id] for photo_id in members])
    return stars


def _group(photos: Sequence[Photo]) -> DuplicateGroup | None:
    """The files of photos that are alike, the one to keep being of the first; None where there is only one file."""
    best, *rest = photos
    first, *equal = places(best)
    exact = [Copy(best, file, exact=True) for file in equal]
    near = [Copy(photo, file, exact=False) for photo in best_first(rest) for file in places(photo)]
    if not exact and not near:
        return None
    why = reasons(best, rest) if rest else _why_here(first, equal)
    return DuplicateGroup(Copy(best, first, exact=True), why, (*exact, *near))


def _why_here(first: PhotoFile, others: Sequence[PhotoFile]) -> tuple[str, ...]:
    """Why one place of the same content is kept rather than the others."""
    if any(file.state is not first.state for file in others):
        return ("within reach",)
    return (
        ("oldest file",) if any(file.stamp.mtime_ns > first.stamp.mtime_ns for file in others) else ("shortest path",)
    )


def _touches(group: DuplicateGroup, folder: bytes) -> bool:
    return any(lies_in(copy.file.path, folder) for copy in (group.keep, *group.others))
