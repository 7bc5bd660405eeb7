"""What a run has done so far, counted in files, and the report and the progress that come of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from searchengine.records import Failure, IndexReport


@dataclass(slots=True)
class Tally:
    """The counts of one run. Everything but `unchanged` counts what is committed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    offline: int = 0
    unreadable: int = 0
    not_photos: int = 0
    embedded: int = 0
    moved: int = 0
    gained: dict[int, list[bytes]] = field(default_factory=dict)  # known photos' new places
    companions: set[bytes] = field(default_factory=set)  # of these, RAWs beside their picture
    lost: set[bytes] = field(default_factory=set)  # places that are gone
    failures: list[Failure] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def gain(self, photo_id: int, path: bytes, *, companion: bool = False) -> None:
        """A known photo has one more place."""
        self.gained.setdefault(photo_id, []).append(path)
        if companion:
            self.companions.add(path)

    def move(self, photo_id: int, old: bytes) -> None:
        """One of this photo's new places stands for one that is gone."""
        self.gained[photo_id].pop()
        self.lost.discard(old)
        self.moved += 1

    def report(self, *, interrupted: bool) -> IndexReport:
        """The report on the run."""
        stayed = [path for paths in self.gained.values() for path in paths]
        companions = sum(path in self.companions for path in stayed)
        return IndexReport(
            added=self.added + companions,
            copied=len(stayed) - companions,
            moved=self.moved,
            changed=self.changed,
            unchanged=self.unchanged,
            missing=len(self.lost),
            offline=self.offline,
            unreadable=self.unreadable,
            not_photos=self.not_photos,
            embedded=self.embedded,
            seconds=time.monotonic() - self.started,
            interrupted=interrupted,
            failures=tuple(self.failures),
        )
