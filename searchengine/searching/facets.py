"""What a search can be narrowed by in this library, each with the line of the query language that does it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import printable
from searchengine.searching.expression import Field, Text, printed
from searchengine.store.conditions import DEGREE
from searchengine.store.facets import CELL
from searchengine.store.roots import lies_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.store.database import Database
    from searchengine.store.facets import Cell, Counted

MOST_FOLDERS = 200
MOST_LABELS = 100
MOST_PLACES = 300

REACH = 25.0
"""Kilometres from the middle of a place to what still belongs to it: a town with what lies around it."""


@dataclass(frozen=True, slots=True)
class Facet:
    """Something that photos have in common."""

    name: str
    line: str  # which finds them
    count: int  # photos


@dataclass(frozen=True, slots=True)
class Overview:
    """All that a search can be narrowed by."""

    count: int  # photos in the library
    undated: int  # of them, those without a date
    months: tuple[Facet, ...]  # as 2019-07, the earliest first
    cameras: tuple[Facet, ...]  # the most frequent first
    formats: tuple[Facet, ...]  # the most frequent first
    folders: tuple[Facet, ...]  # by name, each with what lies below it; only the largest
    labels: tuple[Facet, ...]  # the most frequent first
    examples: tuple[str, ...]  # lines to try


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the Earth where photos were taken."""

    latitude: float  # degrees
    longitude: float
    count: int  # photos
    line: str  # which finds them
    photo_id: int  # one of them, of those that came last


class Facets:
    """Counts what there is in one library. May raise LibraryError in its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counted: tuple[int, Overview] | None = None  # with the database's version before it was counted

    def overview(self) -> Overview:
        """All that a search can be narrowed by, as it is now. Counted again only where something was written since."""
        with self._lock:  # whoever asks meanwhile waits for the same
            version = self._database.version()
            if self._counted is None or self._counted[0] != version:
                self._counted = version, self._count()
            return self._counted[1]

    def places(self) -> tuple[Place, ...]:
        """Where photos were taken, those places with the most photos first."""
        cells = self._database.facets.cells()
        at = np.array([(cell.latitude, cell.longitude) for cell in cells]).reshape(-1, 2)
        left = np.arange(len(cells))
        places: list[Place] = []
        while len(left) and len(places) < MOST_PLACES:
            far = _kilometres(at[left[0]], at[left])
            near, left = left[far <= REACH], left[far > REACH]
            places.append(_place([cells[each] for each in near], float(far[far <= REACH].max())))
        return tuple(sorted(places, key=lambda place: -place.count))

    def _count(self) -> Overview:
        counts = self._database.facets
        dated = counts.months()
        months = tuple(Facet(month, f"date:{month}", count) for month, count in dated if month)
        cameras, formats = _facets("camera", counts.cameras()), _facets("format", counts.formats())
        labels = self._labels()
        folders = self._folders()
        return Overview(
            count=sum(count for _, count in dated),
            undated=sum(count for month, count in dated if not month),
            months=months,
            cameras=cameras,
            formats=formats,
            folders=folders,
            labels=labels,
            examples=tuple(_examples(labels, months, cameras, folders)),
        )

    def _labels(self) -> tuple[Facet, ...]:
        counted: dict[str, int] = {}
        for label in self._database.labels.counts():  # the most frequent first; a name may have several sources
            counted.setdefault(label.name, label.photos)
        return _facets("tag", list(counted.items())[:MOST_LABELS])

    def _folders(self) -> tuple[Facet, ...]:
        roots = sorted((root.path for root in self._database.roots.all()), key=len, reverse=True)
        counted: dict[str, int] = {}
        for folder, count in self._database.facets.folders():
            root = next((root for root in roots if lies_in(folder, root)), folder)
            parts = [printable(part) for part in folder[len(root) :].split(os.fsencode(os.sep)) if part]
            for depth in range(1, len(parts) + 1):
                name = "/".join(parts[:depth])
                counted[name] = counted.get(name, 0) + count
        largest = sorted(counted.items(), key=lambda each: -each[1])[:MOST_FOLDERS]
        return _facets("folder", sorted(largest))


def _facets(field: str, counted: Counted) -> tuple[Facet, ...]:
    return tuple(Facet(name, printed(Field(field, name)), count) for name, count in counted)


def _examples(
    labels: tuple[Facet, ...], months: tuple[Facet, ...], cameras: tuple[Facet, ...], folders: tuple[Facet, ...]
) -> list[str]:
    """Lines that show what can be asked, of words and names that are in this library."""
    words = [printed(Text(label.name)) for label in labels]
    lines = words[:2]
    if len(words) > 2 and months:
        lines.append(f"{words[2]} date:{months[-1].name[:4]}")
    elif months:
        lines.append(months[-1].line)
    if len(words) > 3 and cameras:
        lines.append(f"{words[3]} {cameras[0].line}")
    if folders:
        lines.append(max(folders, key=lambda folder: ("/" in folder.name, folder.count)).line)
    return lines


def _kilometres(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """From one place, (2,) degrees, to others, (n, 2), along the ground: (n,)."""
    one, others = np.radians(here), np.radians(there)
    up, along = np.sin((others - one) / 2).T
    haversine = up**2 + np.cos(one[0]) * np.cos(others[:, 0]) * along**2
    return np.asarray(np.degrees(2 * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))) * DEGREE)


def _place(cells: list[Cell], far: float) -> Place:
    """Squares that belong together, the one with the most photos first; the others lie at most so far from it."""
    middle = cells[0]
    reach = far + CELL * DEGREE  # to the far corner of the last one
    return Place(
        latitude=round(middle.latitude, 4),
        longitude=round(middle.longitude, 4),
        count=sum(cell.photos for cell in cells),
        line=f"near:{middle.latitude:.4f},{middle.longitude:.4f},{reach:.0f}km",
        photo_id=middle.newest,
    )
