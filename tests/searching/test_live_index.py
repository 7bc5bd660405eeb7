"""Whatever happened to the FAISS file, a search answers as the database stands, and nobody has to notice."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from searchengine.errors import ModelMissingError
from searchengine.searching import live_index
from searchengine.searching.live_index import LiveIndex
from searchengine.store.database import Database
from searchengine.vectors import faiss_file
from searchengine.vectors.exact import ExactIndex
from searchengine.vectors.faiss_index import FaissIndex
from tests.searching.libraries import SmallLibrary, identity, no_sentences
from tests.vectors.samples import ids_of, origin, unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Vectors

DIM = 16
FLOAT16 = 1e-3  # what rounding a unit vector to float16 may change in a score


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SmallLibrary]:
    library = SmallLibrary(tmp_path / "library", identity(DIM))
    yield library
    library.database.close()


def path_of(library: SmallLibrary) -> Path:
    return library.folder / "vectors.faiss"


def live(library: SmallLibrary, database: Database | None = None) -> LiveIndex:
    """The library's index as a program that starts now sees it."""
    return LiveIndex(database or library.database, library.model_id, library.model, path_of(library), no_sentences)


def test_an_empty_library_finds_nothing(library: SmallLibrary) -> None:
    index = live(library)
    assert len(index.ids) == 0
    assert len(index.search(unit_vectors(1, DIM)[0], 5)) == 0
    index.refresh()
    assert len(live(library).search(unit_vectors(1, DIM)[0], 5)) == 0


def test_a_missing_file_is_written_from_the_database(library: SmallLibrary) -> None:
    vectors = unit_vectors(30, DIM)
    ids = library.add(vectors)
    assert live(library).search(vectors[7], 1).ids.tolist() == [ids[7]]
    written, where_from = faiss_file.read(path_of(library))
    assert written.ids.tolist() == ids
    assert where_from.model == library.model


@pytest.mark.parametrize("damage", ["torn", "emptied", "noise", "another model", "another life", "a folder"])
def test_an_unusable_file_is_replaced(library: SmallLibrary, damage: str) -> None:
    vectors = unit_vectors(30, DIM)
    ids = library.add(vectors)
    live(library).refresh()
    path = path_of(library)
    content = path.read_bytes()
    if damage == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "noise":
        path.write_bytes(bytes(range(256)) * 20)
    elif damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        held, where_from = faiss_file.read(path)
        held.remove(held.ids[5:])
        other = origin(DIM, last_seq=30) if damage == "another model" else replace(where_from, last_seq=1000)
        faiss_file.write(path, held, other)
    assert live(library).search(vectors[7], 1).ids.tolist() == [ids[7]]
    if damage != "a folder":  # that one is in the way, and the index serves from memory
        assert faiss_file.read(path)[0].ids.tolist() == ids


def test_what_came_later_is_found_without_writing(library: SmallLibrary) -> None:
    """One photo more in a hundred is no reason to write the file anew."""
    library.add(unit_vectors(100, DIM))
    index = live(library)
    index.refresh()
    before = path_of(library).stat()
    late = unit_vectors(1, DIM, seed=9)
    (added,) = library.add(late)
    for each in (index, live(library)):
        assert each.search(late[0], 1).ids.tolist() == [added]
        assert added in each.ids
    assert path_of(library).stat().st_ino == before.st_ino


def test_a_long_tail_is_written_into_the_file(library: SmallLibrary) -> None:
    library.add(unit_vectors(100, DIM))
    index = live(library)
    index.refresh()
    library.add(unit_vectors(6, DIM, seed=9))
    index.search(unit_vectors(1, DIM)[0], 1)
    assert len(faiss_file.read(path_of(library))[0]) == 106


def test_a_file_that_another_program_wrote_is_taken_over(
    library: SmallLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(unit_vectors(100, DIM))
    index = live(library)
    index.refresh()
    late = unit_vectors(50, DIM, seed=9)
    added = library.add(late)
    live(library).refresh()
    monkeypatch.setattr(faiss_file, "write", None)  # any attempt to write fails the test
    assert index.search(late[3], 1).ids.tolist() == [added[3]]


def test_what_was_removed_is_not_found(library: SmallLibrary) -> None:
    vectors = unit_vectors(100, DIM)
    ids = library.add(vectors)
    index = live(library)
    index.refresh()
    library.unembed([ids[3], ids[99]])
    for each in (index, live(library)):
        assert ids[3] not in each.search(vectors[3], 100).ids
        assert len(each.ids) == 98
        assert len(each.search(vectors[3], 5, only=ids_of(ids[3], ids[99]))) == 0
    index.refresh()
    assert len(faiss_file.read(path_of(library))[0]) == 98


def test_a_replaced_vector_is_found_once_and_where_it_is_now(library: SmallLibrary) -> None:
    vectors = unit_vectors(100, DIM)
    ids = library.add(vectors)
    index = live(library)
    index.refresh()
    new = unit_vectors(1, DIM, seed=9)
    library.embed([ids[3]], new)
    for each in (index, live(library)):
        assert each.search(new[0], 1).ids.tolist() == [ids[3]]
        assert sorted(each.search(vectors[3], 200).ids.tolist()) == ids


def test_refreshing_twice_writes_once(library: SmallLibrary) -> None:
    library.add(unit_vectors(30, DIM))
    live(library).refresh()
    before = path_of(library).stat().st_ino
    live(library).refresh()
    assert path_of(library).stat().st_ino == before


def test_a_folder_that_cannot_be_written_to_serves_from_memory(
    library: SmallLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = unit_vectors(30, DIM)
    ids = library.add(vectors)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(faiss_file, "write", refuse)
    index = live(library)
    assert index.search(vectors[7], 1).ids.tolist() == [ids[7]]
    late = unit_vectors(1, DIM, seed=9)
    (added,) = library.add(late)
    assert index.search(late[0], 1).ids.tolist() == [added]
    index.refresh()
    assert not path_of(library).exists()
    monkeypatch.undo()
    index.refresh()  # there is room again
    assert len(faiss_file.read(path_of(library))[0]) == 31


def test_programs_that_rebuild_at_once_do_no_harm(library: SmallLibrary) -> None:
    vectors = unit_vectors(200, DIM)
    ids = library.add(vectors)
    found: list[list[int]] = []

    def rebuild() -> None:
        index = live(library)
        found.append(index.search(vectors[7], 1).ids.tolist())
        index.refresh()

    threads = [threading.Thread(target=rebuild) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[ids[7]]] * 8
    assert faiss_file.read(path_of(library))[0].ids.tolist() == ids
    assert [path.name for path in library.folder.glob("vectors*")] == ["vectors.faiss"]


def test_searches_go_on_while_another_program_indexes(library: SmallLibrary) -> None:
    """Readers of one program, a writer and a second program that refreshes: every answer is whole."""
    vectors = unit_vectors(40, DIM)
    ids = library.add(vectors)
    index = live(library)
    written = threading.Event()
    wrong: list[str] = []

    def search(seed: int) -> None:
        while not written.is_set():
            row = seed % 40
            found = index.search(vectors[row], 30).ids.tolist()
            if found[0] != ids[row] or len(found) != len(set(found)) or len(found) < 30:
                wrong.append(str(found))

    readers = [threading.Thread(target=search, args=(seed,)) for seed in range(3)]
    for reader in readers:
        reader.start()
    with Database.open(library.folder) as elsewhere:
        for step in range(20):
            late = library.add(unit_vectors(10, DIM, seed=100 + step))
            if step % 3 == 0:
                library.unembed(late[:4])
            if step % 4 == 0:
                live(library, elsewhere).refresh()
    written.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert index.ids.tolist() == library.database.embeddings.ids(library.model_id).tolist()


@pytest.mark.parametrize("begun_by", ["a refresh", "a search"])
def test_a_search_is_answered_while_the_file_is_written_anew(
    library: SmallLibrary, monkeypatch: pytest.MonkeyPatch, begun_by: str
) -> None:
    vectors = unit_vectors(100, DIM)
    ids = library.add(vectors)
    index = live(library)
    index.refresh()
    late = unit_vectors(10, DIM, seed=9)
    added = library.add(late)
    library.unembed(ids[:1])
    writing, go_on = threading.Event(), threading.Event()
    write = faiss_file.write

    def write_slowly(path: Path, held: FaissIndex, where_from: faiss_file.Origin) -> None:
        writing.set()
        assert go_on.wait(60)
        write(path, held, where_from)

    monkeypatch.setattr(faiss_file, "write", write_slowly)
    begin = index.refresh if begun_by == "a refresh" else lambda: index.search(vectors[1], 1)
    rebuilding = threading.Thread(target=begin)
    rebuilding.start()
    assert writing.wait(60)
    assert index.search(vectors[7], 1).ids.tolist() == [ids[7]]
    assert index.search(late[3], 1).ids.tolist() == [added[3]]
    assert ids[0] not in index.search(vectors[0], 200).ids
    later = unit_vectors(2, DIM, seed=10)
    after = library.add(later)
    assert index.search(later[1], 1).ids.tolist() == [after[1]]
    assert index.ids.tolist() == sorted([*ids[1:], *added, *after])
    go_on.set()
    rebuilding.join(60)
    assert index.ids.tolist() == sorted([*ids[1:], *added, *after])
    assert faiss_file.read(path_of(library))[0].ids.tolist() == [*ids[1:], *added]


def test_models_do_not_meet(library: SmallLibrary) -> None:
    ids = library.add(unit_vectors(10, DIM))
    with library.database.writing():
        second = library.database.models.register(identity(4, "second"))
        library.database.embeddings.add(second, ids[:3], np.eye(4, dtype=np.float32)[:3], "float32")
    index = LiveIndex(library.database, second, identity(4, "second"), library.folder / "second.faiss", no_sentences)
    assert index.ids.tolist() == ids[:3]
    assert live(library).ids.tolist() == ids


class AnyLife(RuleBasedStateMachine):
    """Any sequence of writes, refreshes and restarts: every search answers as the database stands."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.library = SmallLibrary(Path(self.temporary.name) / "library", identity(DIM))
        self.reference = ExactIndex(DIM)
        self.index = live(self.library)
        self.seed = 0
        self.patch = pytest.MonkeyPatch()

    @initialize(tail=st.sampled_from([live_index.TAIL, 10.0]))
    def choose_how_long_the_tail_may_grow(self, tail: float) -> None:
        """So few photos would nearly always be written at once, and the tail not be met."""
        self.patch.setattr(live_index, "TAIL", tail)

    def teardown(self) -> None:
        self.patch.undo()
        self.library.database.close()
        self.temporary.cleanup()

    @rule(n=st.integers(1, 30))
    def add(self, n: int) -> None:
        self.seed += 1
        vectors = unit_vectors(n, DIM, seed=self.seed)
        self.reference.add(np.array(self.library.add(vectors)), vectors)

    @precondition(lambda self: len(self.reference))
    @rule(data=st.data(), replaced=st.booleans(), late=st.booleans())
    def remove_or_replace(self, data: st.DataObject, replaced: bool, late: bool) -> None:
        held = self.reference.ids.tolist()
        some = st.sampled_from(held[-5:] if late else held)
        ids = data.draw(st.lists(some, unique=True, min_size=1, max_size=5))
        if replaced:
            self.seed += 1
            vectors = unit_vectors(len(ids), DIM, seed=self.seed)
            self.library.embed(ids, vectors)
            self.reference.add(np.array(ids), vectors)
        else:
            self.library.unembed(ids)
            self.reference.remove(np.array(ids))

    @rule(what=st.sampled_from(["refresh", "refresh elsewhere", "restart", "tear the file"]), share=st.floats(0, 0.99))
    def upkeep(self, what: str, share: float) -> None:
        path = path_of(self.library)
        if what == "refresh":
            self.index.refresh()
        elif what == "refresh elsewhere":
            live(self.library).refresh()
        elif what == "tear the file" and path.exists():
            # Beside and renamed: a file that is mapped must not shrink under the program that maps it.
            torn = path.with_name("torn")
            torn.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
            torn.replace(path)
        if what in ("restart", "tear the file"):
            self.index = live(self.library)

    @rule(only=st.none() | st.lists(st.integers(1, 60), unique=True), k=st.integers(1, 20))
    def search(self, only: list[int] | None, k: int) -> None:
        query = unit_vectors(1, DIM, seed=10_000 + self.seed)[0]
        eligible = None if only is None else np.array(only, np.int64)
        found, expected = (each.search(query, k, only=eligible) for each in (self.index, self.reference))
        scores = dict(self.reference.search(query, len(self.reference), only=eligible))
        # By their scores: photos that are equally good but for float16's last digit may change places.
        np.testing.assert_allclose([scores[id_] for id_ in found.ids.tolist()], expected.scores, atol=FLOAT16)
        np.testing.assert_allclose(found.scores, expected.scores, atol=FLOAT16)
        assert len(set(found.ids.tolist())) == len(found)

    @invariant()
    def holds_what_the_database_does(self) -> None:
        assert self.index.ids.tolist() == self.reference.ids.tolist()
        query = unit_vectors(1, DIM)[0]
        found, expected = (dict(each.search(query, 10_000)) for each in (self.index, self.reference))
        assert found == pytest.approx(expected, abs=FLOAT16)
        assert len(self.index.search(query, 10_000)) == len(expected)


AnyLife.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestAnyLife = AnyLife.TestCase


def test_a_large_library_is_compressed_and_stays_so_as_photos_come_and_go(
    library: SmallLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_index, "COMPRESSED_FROM", 1000)
    vectors = unit_vectors(1500, DIM)
    ids = library.add(vectors)
    index = live(library)
    assert index.search(vectors[7], 1).ids.tolist() == [ids[7]]
    assert (faiss_file.read_recall(path_of(library)) or 0) >= live_index.LEAST_RECALL
    assert compressed_rows(library) == 1500

    more = unit_vectors(200, DIM, seed=2)
    new = library.add(more)
    assert index.search(more[9], 1).ids.tolist() == [new[9]]
    assert compressed_rows(library) == 1700

    library.unembed(ids[:600])
    index.refresh()
    assert ids[7] not in index.search(vectors[7], 50).ids
    assert compressed_rows(library) == 1100

    library.unembed(ids[600:])
    index.refresh()
    assert compressed_rows(library) is None
    assert faiss_file.read_recall(path_of(library)) is None


def test_a_large_library_whose_model_is_not_here_is_compressed_all_the_same(
    library: SmallLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Vectors:
        raise ModelMissingError("There is no model.", "")

    monkeypatch.setattr(live_index, "COMPRESSED_FROM", 100)
    vectors = unit_vectors(200, DIM)
    ids = library.add(vectors)
    index = LiveIndex(library.database, library.model_id, library.model, path_of(library), missing)
    assert index.search(vectors[7], 1).ids.tolist() == [ids[7]]
    assert compressed_rows(library) == 200


def compressed_rows(library: SmallLibrary) -> int | None:
    compressed = faiss_file.read(path_of(library))[0].compressed
    return None if compressed is None else len(compressed)
