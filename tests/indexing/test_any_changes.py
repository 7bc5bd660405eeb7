"""Whatever happens to the folders between runs, the library is what a fresh index of them would be."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState, IndexReport
from searchengine.store.doctor import check
from tests.indexing.conftest import World, picture

BROKEN = b"\x89PNG\r\n\x1a\n torn"
CONTENTS = [*(picture(seed) for seed in range(6)), BROKEN]
NAMES = ["one/a.png", "one/b.png", "one/deep/c.png", "two/a.png", "two/d.png", "two/deep/e.png"]

names = st.sampled_from(NAMES)
contents = st.sampled_from(CONTENTS)


class Changes(RuleBasedStateMachine):
    """Two roots, a handful of files, and every way in which they change."""

    @initialize()
    def start(self) -> None:
        """Two empty roots and an empty library."""
        self.base = Path(tempfile.mkdtemp())
        self.world = World(self.base)
        self.roots = [self.world.photos / "one", self.world.photos / "two"]
        self.away = self.base / "away"
        self.away.mkdir()
        for root in self.roots:
            root.mkdir()
        Library.run(self.world)  # a folder must be there when it is first named
        self.embedded: set[bytes] = set()  # fingerprints
        self.seen_at_last: dict[bytes, bytes] = {}  # what the last run saw, under every root

    def file(self, name: str) -> Path:
        """A path; its folder is made when its root is mounted."""
        return self.world.photos / name

    def mounted(self, name: str) -> bool:
        """Whether the root of this name is there."""
        return (self.world.photos / name.split("/")[0]).is_dir()

    @rule(name=names, content=contents)
    def write(self, name: str, content: bytes) -> None:
        """Add a file, or edit one in place."""
        if self.mounted(name):
            self.world.write(name, content)

    @rule(name=names)
    def delete(self, name: str) -> None:
        """Delete a file."""
        self.file(name).unlink(missing_ok=True)

    @rule(old=names, new=names)
    def move(self, old: str, new: str) -> None:
        """Move a file, perhaps over another."""
        if self.file(old).exists() and self.mounted(new):
            self.file(new).parent.mkdir(exist_ok=True)
            self.file(old).rename(self.file(new))

    @rule(old=names, new=names)
    def copy(self, old: str, new: str) -> None:
        """Copy a file with its time, perhaps over another."""
        if self.file(old).exists() and self.mounted(new) and old != new:
            self.file(new).parent.mkdir(exist_ok=True)
            shutil.copy2(self.file(old), self.file(new))

    @rule(root=st.sampled_from(["one", "two"]))
    def unmount_or_mount(self, root: str) -> None:
        """Unplug a drive, or plug it in again."""
        here, there = self.world.photos / root, self.away / root
        (here if here.exists() else there).rename(there if here.exists() else here)

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def index(self) -> None:
        """Run the indexer, and compare."""
        disk = self.on_disk()
        before = self.world.model.encoded_images
        report = Library.run(self.world)
        photos = {path: content for path, content in disk.items() if content != fingerprint(BROKEN)}
        here = tuple(bytes(root) + b"/" for root in self.roots if root.is_dir())
        away = {path: content for path, content in self.seen_at_last.items() if not path.startswith(here)}

        assert self.world.places() == photos
        assert self.world.places(FileState.OFFLINE) == away
        assert {failure.path for failure in self.world.database.failures.all() if failure.path in disk} == (
            disk.keys() - photos.keys()
        )
        assert {photo.fingerprint for photo in self.world.shown()} == {*photos.values(), *away.values()}
        new = set(photos.values()) - self.embedded
        assert self.world.model.encoded_images - before == len(new)  # a known content is never embedded again
        assert report.embedded == len(new)
        self.every_file_is_counted_once(report, len(disk), len(away))
        assert check(self.world.database) == []
        self.embedded |= new
        self.seen_at_last = photos | away

    def on_disk(self) -> dict[bytes, bytes]:
        """The fingerprints of the files under the roots that are there, by path."""
        files = [path for root in self.roots if root.is_dir() for path in root.rglob("*.png")]
        return {bytes(path): fingerprint(path.read_bytes()) for path in files}

    def every_file_is_counted_once(self, report: IndexReport, on_disk: int, away: int) -> None:
        """The report's counts add up."""
        counted = report.added + report.copied + report.moved + report.changed + report.unchanged
        assert counted + report.unreadable == on_disk
        assert report.offline == away

    def teardown(self) -> None:
        """With every drive plugged in, the library equals one that is made now."""
        if not hasattr(self, "world"):
            return
        for root in ("one", "two"):
            if (self.away / root).exists():
                self.unmount_or_mount(root)
        self.index()
        fresh_base = self.base / "fresh"
        fresh_base.mkdir()
        fresh = World(fresh_base)
        fresh.photos = self.world.photos
        Library.run(fresh)
        assert Library.content(self.world) == Library.content(fresh)
        for world in (self.world, fresh):
            world.database.close()
        shutil.rmtree(self.base)


class Library:
    """What is the same in an old library and in a fresh one."""

    @staticmethod
    def run(world: World) -> IndexReport:
        """Index both roots."""
        return world.index(world.photos / "one", world.photos / "two")

    @staticmethod
    def content(world: World) -> dict[bytes, tuple[frozenset[bytes], bytes]]:
        """By fingerprint, where a photo lies and its vector."""
        photos = world.shown()
        ids, vectors = world.database.embeddings.of(1, [photo.id for photo in photos])
        by_id = dict(zip(ids.tolist(), vectors, strict=True))
        return {
            photo.fingerprint: (
                frozenset(file.path for file in photo.files if file.state is FileState.PRESENT),
                by_id[photo.id].tobytes(),
            )
            for photo in photos
        }


Changes.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnyChanges = Changes.TestCase
