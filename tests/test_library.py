"""The library as a whole: its model, switching it, and what is rebuilt without anybody noticing."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from searchengine.conditions import HasLabel
from searchengine.doctor import examine
from searchengine.embedding.model_store import builtin_folder
from searchengine.errors import LibraryMissingError, ModelError, NotFoundError, UsageError
from searchengine.library import Library
from searchengine.records import IndexReport, Results
from searchengine.searching import live_index
from searchengine.settings import Settings


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    """A folder of four photos that a test may change."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea.png", "coffee.png", "rocket.jpg", "flower.jpg"):
        shutil.copy(sample_photos / name, folder)
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(library=tmp_path / "library", models=tmp_path / "models", default_model="builtin")


@pytest.fixture
def library(settings: Settings, photos: Path) -> Iterator[Library]:
    with Library.open(settings, create=True) as library:
        library.index([photos])
        yield library


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    """The built-in model under another name and with another identity: a second model, at no cost."""
    folder = Path(shutil.copytree(builtin_folder(), tmp_path / "other"))
    manifest = folder / "model.json"
    contents = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**contents, "revision": "other", "name": str(folder)}), "utf-8")
    return folder


def names(results: Results) -> list[str]:
    return [os.fsdecode(hit.path).rpartition("/")[2] for hit in results]


def test_without_create_a_missing_library_is_an_error(settings: Settings) -> None:
    with pytest.raises(LibraryMissingError, match="searchengine index"):
        Library.open(settings)
    assert not settings.library.exists()


def test_an_empty_library_says_so(settings: Settings) -> None:
    with Library.open(settings, create=True) as library:
        results = library.search("a cat")
    assert len(results) == 0
    assert "no photos yet" in results.notes[0]


@pytest.mark.usefixtures("library")
def test_the_librarys_own_model_goes_before_the_environments(settings: Settings) -> None:
    with Library.open(replace(settings, default_model="openai-b32")) as again:
        assert names(again.search("a cat", limit=1)) == ["chelsea.png"]


def test_what_was_learnt_of_a_class_is_learnt_by_the_next_model_too(
    library: Library, photos: Path, sample_photos: Path, other_model: Path, tmp_path: Path
) -> None:
    for name in ("motorcycle_left.png", "motorcycle_right.png", "astronaut.png", "china.jpg", "camera.png"):
        shutil.copy(sample_photos / name, photos)
    library.index()
    table = tmp_path / "labels.csv"
    motorcycles = [photos / "motorcycle_left.png", photos / "motorcycle_right.png", photos / "copy.png"]
    (photos / "copy.png").write_bytes(motorcycles[0].read_bytes() + b"and a tail")
    table.write_text("image,label\n" + "".join(f"{path},motorcycles\n" for path in motorcycles), "utf-8")
    assert library.learn_classes(table) == ()
    wanted = {"motorcycle_left.png", "motorcycle_right.png"}
    only = [HasLabel("motorcycles")]
    assert set(names(library.search(conditions=only))) == wanted
    library.use_model(str(other_model))
    assert set(names(library.search(conditions=only))) == wanted
    (learnt,) = library.own_classes.all()
    assert learnt.accuracy is not None


@pytest.mark.usefixtures("library")
def test_another_model_must_be_switched_to(settings: Settings, other_model: Path) -> None:
    with pytest.raises(UsageError, match="searchengine models use"):
        Library.open(replace(settings, model=str(other_model)))


def test_switching_embeds_beside_the_old_and_then_answers_with_the_new(library: Library, other_model: Path) -> None:
    before = library.search("a cat")
    report = library.use_model(str(other_model))
    assert report.embedded == 4
    assert library.model_identity.revision == "other"
    assert names(library.search("a cat")) == names(before)


def test_a_stopped_switch_leaves_the_old_model_answering_and_goes_on_later(library: Library, other_model: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert library.use_model(str(other_model), stop=stop).interrupted
    assert library.model_identity.name == "builtin"
    assert names(library.search("a cat", limit=1)) == ["chelsea.png"]
    library.use_model(str(other_model))
    assert library.model_identity.revision == "other"


def test_switching_back_costs_no_embedding(library: Library, other_model: Path) -> None:
    library.use_model(str(other_model))
    assert library.use_model("builtin").embedded == 0
    assert library.model_identity.name == "builtin"


def test_an_open_library_notices_that_another_program_switched(
    library: Library, settings: Settings, other_model: Path
) -> None:
    with Library.open(settings) as other:
        other.use_model(str(other_model))
    assert library.model_identity.revision == "other"
    assert names(library.search("a cat", limit=1)) == ["chelsea.png"]


def test_a_model_that_is_not_the_one_the_library_was_made_with_answers_nothing(
    library: Library, settings: Settings, other_model: Path
) -> None:
    library.use_model(str(other_model))
    manifest = other_model / "model.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"revision": "other"', '"revision": "newer"'), "utf-8")
    with Library.open(settings) as again, pytest.raises(ModelError, match="models use"):
        again.search("a cat")


def test_a_torn_index_file_is_noticed_by_nobody(library: Library, settings: Settings) -> None:
    before = library.search("a cat")
    file = library.index_file
    for torn in (b"", file.read_bytes()[:-20], b"\0" * 1000):
        file.write_bytes(torn)
        with Library.open(settings) as again:
            assert [(hit.id, pytest.approx(hit.score, abs=1e-4)) for hit in again.search("a cat")] == [
                (hit.id, hit.score) for hit in before
            ]


def test_a_large_library_says_how_many_of_the_nearest_its_searches_find(
    library: Library, sample_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried with sentences too, which takes the model."""
    library.index([sample_photos])
    assert library.index_recall() is None
    monkeypatch.setattr(live_index, "COMPRESSED_FROM", 16)
    library.index_file.unlink()
    assert library.index_recall() is None
    with Library.open(library.settings) as another:
        another.refresh_index()
        assert another.index_recall() == 1
        assert names(another.search("a cat"))[0] == "chelsea.png"
    library.index_file.write_bytes(b"torn")
    assert library.index_recall() is None


def test_a_deleted_photo_is_not_found_and_forgotten_by_prune_alone(library: Library, photos: Path) -> None:
    fingerprint = library.search("a cat", limit=1).hits[0].photo.fingerprint
    (photos / "chelsea.png").unlink()
    assert library.index().missing == 1
    assert "chelsea.png" not in names(library.search("a cat"))
    assert len(library.database.photos.hidden()) == 1
    pruned = library.prune()
    assert [Path(os.fsdecode(path)).name for path in pruned.paths] == ["chelsea.png"]
    assert len(library.database.photos.hidden()) == 0
    assert library.thumbnails.get(fingerprint) is None


def test_a_folder_that_is_forgotten_is_not_found_and_comes_back_at_no_cost(library: Library, photos: Path) -> None:
    assert library.forget(photos) == 4
    assert len(library.search("a cat")) == 0
    report = library.index([photos])
    assert (report.embedded, names(library.search("a cat", limit=1))) == (0, ["chelsea.png"])


def test_forgetting_a_folder_that_is_not_watched_is_an_error(library: Library, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="status"):
        library.forget(tmp_path)
    assert len(library.search("a cat", everything=True)) == 4


def test_copies_are_shown_once_with_their_places(library: Library, photos: Path) -> None:
    (photos / "again").mkdir()
    shutil.copy(photos / "chelsea.png", photos / "again" / "cat.png")
    assert library.index().copied == 1
    best = library.search("a cat", limit=1).hits[0]
    assert {os.fsdecode(path) for path in best.paths} == {
        str(photos.resolve() / "chelsea.png"),
        str(photos.resolve() / "again" / "cat.png"),
    }
    assert len(library.search("a cat", everything=True)) == 4


def test_a_backup_brings_the_library_back_as_it_was(library: Library, settings: Settings, tmp_path: Path) -> None:
    from searchengine.store.backup import backup

    before = names(library.search("a cat"))
    backup(library.database, tmp_path / "backup")
    library.close()
    shutil.rmtree(settings.library)
    Library.restore(settings, tmp_path / "backup")
    with Library.open(settings) as restored:
        assert names(restored.search("a cat")) == before
        assert restored.index().embedded == 0


def test_a_backup_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        Library.restore(settings, tmp_path / "nowhere")


def test_a_healthy_library_has_no_findings(library: Library) -> None:
    assert list(examine(library)) == []


def test_the_doctor_finds_and_mends_a_flipped_bit_in_the_index_file(library: Library, settings: Settings) -> None:
    data = bytearray(library.index_file.read_bytes())
    data[200] ^= 1
    library.index_file.write_bytes(data)
    with Library.open(settings) as again:
        assert [finding.check for finding in examine(again)] == ["vector index"]
        assert all(finding.mended for finding in examine(again, repair=True))
        assert list(examine(again)) == []
        assert names(again.search("a cat", limit=1)) == ["chelsea.png"]


def test_the_doctor_finds_a_model_whose_weights_are_not_as_they_were_made(library: Library, other_model: Path) -> None:
    library.use_model(str(other_model))
    weights = other_model / "text.onnx"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert [finding.check for finding in examine(library)] == ["model"]


def test_watching_takes_in_a_new_photo(library: Library, photos: Path, sample_photos: Path) -> None:
    stop, took_in = threading.Event(), threading.Event()

    def on_report(report: IndexReport) -> None:
        if report.unchanged == 4 and not report.added:
            shutil.copy(sample_photos / "coins.png", photos)
        if report.added:
            took_in.set()
            stop.set()

    timeout = threading.Timer(60, stop.set)
    timeout.start()
    library.watch(on_report, stop)
    timeout.cancel()
    assert took_in.is_set()
    assert names(library.search("coins", limit=1)) == ["coins.png"]


def test_a_saved_search_that_cannot_be_answered_is_a_note_beside_the_others(library: Library, photos: Path) -> None:
    library.searches.save("tag:nobody")
    library.searches.save("format:png")
    described = library.describe(photos / "chelsea.png")
    assert described.searches == ("format:png",)
    (note,) = described.notes
    assert "'tag:nobody'" in note
    assert "no label" in note


def test_a_saved_search_for_the_like_of_a_photo_holds_in_every_folder(
    library: Library, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    library.searches.save("like:chelsea.png")
    assert [search.line for search in library.searches.saved()] == [f"like:{photos}/chelsea.png"]
    monkeypatch.chdir(tmp_path)
    assert library.describe(photos / "coffee.png").notes == ()
    monkeypatch.chdir(photos)
    library.searches.remove("like:chelsea.png")
    assert library.searches.saved() == []
