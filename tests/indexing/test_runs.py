"""What a run does with each kind of change, and what it must not do again."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.errors import UsageError
from searchengine.indexing import reader
from searchengine.indexing.pipeline import Indexer
from searchengine.photos.fingerprint import fingerprint
from searchengine.records import FileState, Hit, IndexReport
from searchengine.store.doctor import check
from searchengine.store.prune import prune
from tests.fakes import ColourModel
from tests.indexing.conftest import World, picture

SIDECAR = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""


def counts(report: IndexReport) -> dict[str, int]:
    """The counts of a report that aren't zero."""
    counted = asdict(report).items()
    return {name: count for name, count in counted if count and name not in ("seconds", "failures", "interrupted")}


def test_a_new_folder_is_indexed_whole(world: World) -> None:
    paths = [world.paint(f"{n}/{n}.png", n) for n in range(40)]
    world.write("notes.txt", b"no photo")
    report = world.index()
    assert counts(report) == {"added": 40, "embedded": 40, "not_photos": 1}
    assert world.places() == {path: fingerprint(picture(n)) for n, path in enumerate(paths)}
    assert all(world.thumbnails.get(photo.fingerprint) for photo in world.shown())
    assert check(world.database) == []


def test_a_second_run_opens_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        world.paint(f"{n}.png", n)
    world.index()
    monkeypatch.setattr("searchengine.indexing.reader.read", None)
    assert counts(world.index()) == {"unchanged": 5}


def test_the_vectors_are_the_models_own_whatever_the_batch(world: World) -> None:
    for n in range(70):
        world.paint(f"{n}.png", n)
    world.index()
    photos = world.shown()
    ids, vectors = world.database.embeddings.of(1, [photo.id for photo in photos])
    assert len(ids) == 70
    for photo, vector in zip(photos, vectors, strict=True):
        alone = ColourModel().encode_images([_pixels(photo.files[0].path)])[0]
        assert float(vector @ alone) > 0.99999


def test_a_renamed_photo_costs_no_embedding(world: World) -> None:
    old = world.paint("a.png", 1)
    world.index()
    new = bytes(world.photos) + b"/b.png"
    Path(os.fsdecode(old)).rename(os.fsdecode(new))
    assert counts(world.index()) == {"moved": 1}
    assert list(world.places()) == [new]
    assert world.places(FileState.MISSING) == {}
    assert world.model.encoded_images == 1


def test_a_folder_that_is_renamed_costs_no_embedding(world: World) -> None:
    for n in range(10):
        world.paint(f"old/deep/{n}.png", n)
    world.index()
    (world.photos / "old").rename(world.photos / "new")
    assert counts(world.index()) == {"moved": 10}
    assert world.model.encoded_images == 10


def test_a_copy_is_one_photo_in_two_places_and_costs_no_embedding(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    world.paint("b.png", 1)
    assert counts(world.index()) == {"copied": 1, "unchanged": 1}
    assert [len(photo.files) for photo in world.shown()] == [2]
    assert world.model.encoded_images == 1


def test_two_copies_met_in_one_run_are_embedded_once(world: World) -> None:
    for n in range(20):
        world.paint(f"{n}.png", n % 2)
    report = world.index()
    assert counts(report) == {"added": 2, "copied": 18, "embedded": 2}
    assert world.model.encoded_images == 2


def test_a_photo_moved_to_another_root_is_moved(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    world.paint("a.png", 1)
    world.index(world.photos, other)
    (world.photos / "a.png").rename(other / "a.png")
    assert counts(world.index(world.photos, other)) == {"moved": 1}


def test_an_edited_photo_is_embedded_and_the_old_content_is_not_shown(world: World) -> None:
    path = world.paint("a.png", 1)
    world.index()
    world.paint("a.png", 2)
    assert counts(world.index()) == {"changed": 1, "embedded": 1}
    assert world.places() == {path: fingerprint(picture(2))}
    assert len(world.shown()) == 1


def test_an_edit_that_is_undone_costs_no_embedding(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    world.paint("a.png", 2)
    world.index()
    world.paint("a.png", 1)
    assert counts(world.index()) == {"changed": 1}
    assert world.model.encoded_images == 2


def test_a_touched_file_is_read_once_and_taken_as_unchanged(world: World) -> None:
    path = world.paint("a.png", 1)
    world.index()
    os.utime(path, ns=(1, 1))
    assert counts(world.index()) == {"unchanged": 1}
    assert dict(world.database.files.known(1))[path].mtime_ns == 1
    assert world.model.encoded_images == 1


def test_a_deleted_photo_is_missing_and_forgotten_only_by_prune(world: World) -> None:
    path = world.paint("a.png", 1)
    world.paint("b.png", 2)
    world.index()
    Path(os.fsdecode(path)).unlink()
    assert counts(world.index()) == {"missing": 1, "unchanged": 1}
    assert list(world.places(FileState.MISSING)) == [path]
    assert len(world.shown()) == 1
    assert counts(world.index()) == {"unchanged": 1}
    assert prune(world.database).paths == (path,)
    assert check(world.database) == []


def test_a_deleted_photo_that_is_put_back_costs_no_embedding(world: World) -> None:
    path = world.paint("a.png", 1)
    world.index()
    aside = world.photos.parent / "aside.png"
    Path(os.fsdecode(path)).rename(aside)
    world.index()
    aside.rename(os.fsdecode(path))
    assert counts(world.index()) == {"unchanged": 1}
    assert len(world.shown()) == 1
    assert world.model.encoded_images == 1


def test_names_that_are_not_utf8_work_from_end_to_end(world: World) -> None:
    path = world.paint(b"caf\xe9/\xff.png", 1)
    world.index()
    assert list(world.places()) == [path]
    assert counts(world.index()) == {"unchanged": 1}


def test_a_changed_sidecar_changes_the_facts_without_the_model(world: World) -> None:
    world.paint("a.png", 1)
    world.write("a.xmp", SIDECAR % b"a red kite")
    world.index()
    assert world.shown()[0].facts.caption == "a red kite"
    world.write("a.xmp", SIDECAR % b"a blue kite")
    assert counts(world.index()) == {"changed": 1, "not_photos": 1}
    assert world.shown()[0].facts.caption == "a blue kite"
    assert world.model.encoded_images == 1


def test_a_photo_moved_with_its_sidecar_is_not_even_decoded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.paint("old/a.png", 1)
    world.write("old/a.xmp", SIDECAR % b"a kite")
    world.index()
    (world.photos / "old").rename(world.photos / "new")
    monkeypatch.setattr("searchengine.indexing.reader.decode", None)
    assert counts(world.index()) == {"moved": 1, "not_photos": 1}
    assert world.shown()[0].facts.caption == "a kite"


def test_a_raw_beside_its_picture_is_one_photo_and_is_not_read(world: World) -> None:
    jpeg = world.write("a.jpg", picture(1, kind="JPEG"))
    raw = world.write("a.cr2", b"a camera's own format")
    assert counts(world.index()) == {"added": 2, "embedded": 1}
    assert {file.path for file in world.shown()[0].files} == {jpeg, raw}
    assert counts(world.index()) == {"unchanged": 2}
    assert len(world.shown()) == 1


def test_a_raw_follows_its_picture_when_that_is_edited_and_when_both_move(world: World) -> None:
    world.write("a/1.jpg", picture(1, kind="JPEG"))
    world.write("a/1.cr2", b"a camera's own format")
    world.index()
    world.write("a/1.jpg", picture(2, kind="JPEG"))
    assert counts(world.index()) == {"changed": 2, "embedded": 1}
    assert [len(photo.files) for photo in world.shown()] == [2]
    (world.photos / "a").rename(world.photos / "b")
    assert counts(world.index()) == {"moved": 2}


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "unreadable"])
def test_a_raw_whose_picture_cannot_stand_for_it_is_read_itself(world: World, gone: bool) -> None:
    jpeg = world.write("a.jpg", picture(1, kind="JPEG"))
    world.write("a.cr2", b"not a real one, so it can't be read")
    world.index()
    if gone:
        Path(os.fsdecode(jpeg)).unlink()
    else:
        world.write("a.jpg", b"")
    report = world.index()
    assert bytes(world.photos) + b"/a.cr2" in {failure.path for failure in report.failures}
    assert world.shown() == []
    assert counts(world.index()) == {"unreadable": 1 if gone else 2}
    assert check(world.database) == []


def test_what_cannot_be_read_is_recorded_and_left_alone_until_it_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.write("a.png", b"\x89PNG\r\n\x1a\n torn")
    world.paint("b.png", 2)
    report = world.index()
    assert counts(report) == {"added": 1, "embedded": 1, "unreadable": 1}
    assert [failure.path for failure in report.failures] == [path]
    again = world.index()
    assert counts(again) == {"unchanged": 1, "unreadable": 1}
    assert again.failures == ()
    monkeypatch.setattr("searchengine.indexing.run.DECODER", "a better one")
    assert len(world.index().failures) == 1
    world.paint("a.png", 1)
    assert counts(world.index()) == {"added": 1, "embedded": 1, "unchanged": 1}
    assert world.database.failures.all() == []


def test_a_photo_that_breaks_leaves_the_results_and_is_a_failure(world: World) -> None:
    path = world.paint("a.png", 1)
    world.index()
    world.write("a.png", b"")
    assert counts(world.index()) == {"unreadable": 1}
    assert world.shown() == []
    assert [failure.path for failure in world.database.failures.all()] == [path]
    Path(os.fsdecode(path)).unlink()
    assert counts(world.index()) == {}
    assert world.database.failures.all() == []


def test_a_photo_of_which_the_model_makes_nothing_does_not_stop_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blind(ColourModel):
        def _encode_prepared(self, batch: np.ndarray) -> np.ndarray:
            vectors = super()._encode_prepared(batch)
            vectors[batch[:, 0, 0, 0] == corner] = np.nan
            return vectors

    corner = np.random.default_rng(1).integers(0, 256, (4, 4, 3), np.uint8)[0, 0, 0]

    monkeypatch.setattr(world, "model", Blind())
    for n in range(3):
        world.paint(f"{n}.png", n)
    report = world.index()
    assert counts(report) == {"added": 2, "embedded": 2, "unreadable": 1}
    assert "no usable vector" in report.failures[0].reason


def test_a_photo_of_which_a_second_model_makes_nothing_is_still_found_by_the_first(world: World) -> None:
    class Blind(ColourModel):
        def _encode_prepared(self, batch: np.ndarray) -> np.ndarray:
            return super()._encode_prepared(batch) * np.nan

    world.paint("a.png", 1)
    world.index()
    second = Blind(revision="2")
    with world.database.writing():
        world.database.models.register(second.identity)
        other = world.database.photos.add([(b"?" * 16, world.shown()[0].facts)])[b"?" * 16]
        vector = np.eye(1, second.identity.dim, dtype=np.float32)
        world.database.embeddings.add(2, [other], vector, "float32")  # it isn't broken altogether
    report = Indexer(world.database, second, world.thumbnails).embed_missing()
    assert [failure.reason for failure in report.failures] == ["the model makes no usable vector of it"]
    assert len(world.shown()) == 1
    assert world.database.failures.all() == []


def test_a_model_that_fails_is_no_fault_of_the_photos(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.paint("a.png", 1)

    def fail(_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(world.model, "encode_prepared", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        world.index()
    assert world.database.failures.all() == []
    monkeypatch.undo()
    assert counts(world.index()) == {"added": 1, "embedded": 1}


def test_excluded_photos_leave_the_results_and_the_patterns_stay(world: World) -> None:
    world.paint("a.png", 1)
    world.paint("private/b.png", 2)
    world.index()
    assert counts(world.index(exclude=["private/"])) == {"missing": 1, "unchanged": 1}
    assert counts(world.index()) == {"unchanged": 1}
    assert counts(world.index(exclude=[])) == {"unchanged": 2}


def test_roots_that_overlap_or_are_given_twice_have_each_file_once(world: World) -> None:
    world.paint("a.png", 1)
    world.paint("trip/b.png", 2)
    (world.photos.parent / "link").symlink_to(world.photos)
    inner = world.photos / "trip"
    report = world.index(inner, world.photos, world.photos.parent / "link", inner / ".." / "trip")
    assert counts(report) == {"added": 2, "embedded": 2}
    assert len(world.database.roots.all()) == 2
    assert counts(world.index()) == {"unchanged": 2}


def test_a_root_made_within_another_reads_nothing_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.paint("a.png", 1)
    world.paint("trip/b.png", 2)
    world.index()
    monkeypatch.setattr("searchengine.indexing.reader.read", None)
    assert counts(world.index(world.photos / "trip")) == {"unchanged": 1}
    assert counts(world.index()) == {"unchanged": 2}


def test_a_library_within_the_photos_does_not_index_its_own_thumbnails(world: World) -> None:
    world.paint("a.png", 1)
    world.index(world.photos.parent)
    assert world.index(world.photos.parent).unchanged == 1
    assert len(world.places()) == 1


def test_a_folder_that_is_not_there_is_a_mistake_unless_it_was_a_root(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        world.index(tmp_path / "typo")
    assert world.database.roots.all() == []


def test_without_folders_every_root_is_indexed(world: World) -> None:
    world.paint("a.png", 1)
    world.index()
    world.paint("b.png", 2)
    report = Indexer(world.database, world.model, world.thumbnails).run()
    assert counts(report) == {"added": 1, "embedded": 1, "unchanged": 1}


def test_progress_goes_up_to_the_end(world: World) -> None:
    for n in range(50):
        world.paint(f"{n}.png", n)
    seen = []
    world.index(progress=seen.append)
    assert [each.done for each in seen] == sorted(each.done for each in seen)
    assert (seen[-1].seen, seen[-1].done, seen[-1].embedded, seen[-1].scanning) == (50, 50, 50, False)


def test_another_model_embeds_beside_the_active_one_and_goes_on_where_it_was_stopped(world: World) -> None:
    for n in range(80):
        world.paint(f"{n}.png", n)
    world.paint("copy.png", 0)
    world.index()
    second = ColourModel(revision="2")
    indexer = Indexer(world.database, second, world.thumbnails)

    def interrupt(_: object) -> None:
        if second.encoded_images:
            raise KeyboardInterrupt

    assert indexer.embed_missing(interrupt).interrupted
    done = second.encoded_images
    assert 0 < done < 80
    report = indexer.embed_missing()
    assert report.embedded == 80 - done
    assert second.encoded_images == 80
    models = world.database.models
    active = models.active()
    assert active == (1, world.model.identity)
    assert len(world.database.embeddings.ids(2)) == 80
    with world.database.writing():
        models.use(2)
    assert models.active() == (2, second.identity)
    assert counts(indexer.run()) == {"unchanged": 81}


def test_a_vector_that_the_doctor_took_out_is_made_again_from_one_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        world.paint(f"{n}.png", n)
        world.paint(f"copy-{n}.png", n)
    world.index()
    with world.database.writing():
        world.database.embeddings.remove(1, [2])
    opened = []
    real = reader.read
    monkeypatch.setattr(reader, "read", lambda path, stamp: opened.append(path) or real(path, stamp))
    report = world.index()
    assert replace(report, seconds=0) == IndexReport(unchanged=6, embedded=1)
    assert world.database.embeddings.ids(1).tolist() == [1, 2, 3]
    assert len(opened) == 1


def test_a_library_moved_with_shutil_is_the_same_library(world: World, tmp_path: Path) -> None:
    world.paint("a.png", 1)
    world.index()
    shutil.copytree(world.photos, tmp_path / "copied")
    assert counts(world.index(tmp_path / "copied")) == {"copied": 1}


def _pixels(path: bytes) -> np.ndarray:
    with Image.open(os.fsdecode(path)) as image:
        return np.asarray(image.convert("RGB"))


def test_a_folder_that_cannot_be_entered_is_named_in_every_report(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.paint("a.png", 1)
    closed = os.path.dirname(world.paint("closed/b.png", 2))  # noqa: PTH120  # bytes
    listed = os.scandir

    def scandir(path: bytes) -> Iterator[os.DirEntry[bytes]]:  # permissions wouldn't stop root
        if path == closed:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for _ in range(2):
        report = world.index()
        assert report.unreadable == 1
        assert [failure.path for failure in report.failures] == [closed]
    assert world.database.failures.all() == []


def test_a_pattern_that_is_none_is_refused_and_not_kept(world: World) -> None:
    world.paint("a.png", 1)
    with pytest.raises(UsageError, match="pattern"):
        world.index(exclude=["!"])
    assert counts(world.index()) == {"added": 1, "embedded": 1}


def test_of_a_raw_and_its_picture_the_picture_is_the_one_to_show(world: World) -> None:
    raw, jpeg = world.write("a.CR2", b"a camera's own format"), world.write("a.JPG", picture(1, kind="JPEG"))
    world.index()
    assert Hit(1, 1.0, world.shown()[0]).paths == (jpeg, raw)
