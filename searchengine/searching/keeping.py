"""Which of several copies of one photo is the one to keep, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from searchengine.conditions import RAW_FORMATS
from searchengine.photos.formats import RAW_SUFFIXES, suffix_of
from searchengine.records import FileState

if TYPE_CHECKING:
    from searchengine.records import Photo, PhotoFile

_AS_TAKEN = {"heic": 2, "jpeg": 1}
"""Formats that cameras write; what is JPEG beside HEIC was made from it, and what is of another format from either."""


def places(photo: Photo) -> list[PhotoFile]:
    """Where this content lies, the place to keep first: within reach, then the oldest, then the shortest path.

    A RAW beside its picture is another content, and what is missing isn't there to be kept.
    """
    own = [file for file in photo.files if file.state is not FileState.MISSING and not _is_companion(file, photo)]
    return sorted(
        own,
        key=lambda file: (file.state is FileState.OFFLINE, file.stamp.mtime_ns, len(file.path), file.path),
    )


def best_first(photos: Sequence[Photo]) -> list[Photo]:
    """Photos of one picture, the one to keep first."""
    return sorted(photos, key=lambda photo: ([-worth(photo) for worth, _ in _CRITERIA], places(photo)[0].path))


def reasons(best: Photo, others: Sequence[Photo]) -> tuple[str, ...]:
    """What the best has before others, most telling first; empty where only the names differ."""
    told = []
    for worth, reason in _CRITERIA:
        rest = [worth(photo) for photo in others]
        if worth(best) > min(rest) and worth(best) >= max(rest):
            told.append(reason)
    return tuple(told)


def _is_companion(file: PhotoFile, photo: Photo) -> bool:
    return suffix_of(file.path) in RAW_SUFFIXES and photo.facts.format not in RAW_FORMATS


def _reachable(photo: Photo) -> float:
    return places(photo)[0].state is FileState.PRESENT


def _whole(photo: Photo) -> float:
    return photo.facts.flaw is None


def _raw(photo: Photo) -> float:
    return photo.facts.format in RAW_FORMATS or any(_is_companion(file, photo) for file in photo.files)


def _pixels(photo: Photo) -> float:
    return photo.facts.width * photo.facts.height


def _camera(photo: Photo) -> float:
    return photo.facts.taken_from == "exif" or photo.facts.camera is not None


def _as_taken(photo: Photo) -> float:
    return 3 if photo.facts.format in RAW_FORMATS else _AS_TAKEN.get(photo.facts.format, 0)


def _size(photo: Photo) -> float:
    return places(photo)[0].stamp.size


def _age(photo: Photo) -> float:
    return -places(photo)[0].stamp.mtime_ns


_CRITERIA: tuple[tuple[Callable[[Photo], float], str], ...] = (
    (_reachable, "within reach"),
    (_whole, "not truncated"),
    (_raw, "has the camera's RAW"),
    (_pixels, "most pixels"),
    (_camera, "has the camera's data"),
    (_as_taken, "the format it was taken in"),
    (_size, "least compressed"),
    (_age, "oldest file"),
)
"""What a photo is worth keeping for, more is better, and how that is said."""
