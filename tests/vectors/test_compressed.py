"""A first look at compressed rows: it may pass a photo over, and everything else is as without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.errors import LibraryDamagedError
from searchengine.vectors import faiss_file, faiss_index
from searchengine.vectors.compressed import Compressed
from searchengine.vectors.exact import ExactIndex
from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.samples import origin, unit_vectors

if TYPE_CHECKING:
    from searchengine.records import Ids, Vectors

COUNT, DIM, TOPICS = 4000, 64, 20


@pytest.fixture(autouse=True)
def short_shortlists(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were many times as many rows."""
    monkeypatch.setattr(faiss_index, "MORE", 160)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Photos around topics, one topic after the other."""
    topics = np.repeat(unit_vectors(TOPICS, DIM, seed=1), COUNT // TOPICS, axis=0)
    mixed = topics + 0.7 * unit_vectors(COUNT, DIM, seed=2)
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


@pytest.fixture
def ids() -> Ids:
    return np.arange(COUNT, dtype=np.int64) * 3


@pytest.fixture
def exact(ids: Ids, vectors: Vectors) -> ExactIndex:
    index = ExactIndex(DIM)
    index.add(ids, vectors)
    return index


@pytest.fixture
def index(ids: Ids, vectors: Vectors) -> FaissIndex:
    index = FaissIndex(DIM)
    index.add(ids, vectors)
    index.compress(unit_vectors(20, DIM, seed=3), 0.9)
    assert index.compressed is not None
    return index


QUERIES = unit_vectors(40, DIM, seed=4)


def found_of(index: FaissIndex, exact: ExactIndex, k: int, only: Ids | None = None) -> float:
    """The share of the k nearest that are found; what is found has its own score, and may be found."""
    share = []
    for query in QUERIES:
        expected, found = exact.search(query, k, only=only), index.search(query, k, only=only)
        assert len(found) == len(expected)
        assert (np.diff(found.scores) <= 0).all()
        scores = exact.search(query, len(exact), only=only)
        own = dict(zip(scores.ids.tolist(), scores.scores.tolist(), strict=True))
        assert [own[id_] for id_ in found.ids.tolist()] == pytest.approx(found.scores.tolist(), abs=1e-3)
        share.append(np.isin(expected.ids, found.ids).mean())
    return float(np.mean(share))


@pytest.mark.parametrize("k", [1, 10, 100])
def test_nearly_all_of_the_nearest_are_found(index: FaissIndex, exact: ExactIndex, k: int) -> None:
    assert found_of(index, exact, k) > 0.95


def test_all_are_found_where_many_are_asked_for(index: FaissIndex, exact: ExactIndex) -> None:
    assert found_of(index, exact, COUNT // 8) == 1


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.01])
def test_a_restriction_holds_before_the_first_look(
    index: FaissIndex, exact: ExactIndex, ids: Ids, share: float
) -> None:
    only = ids[np.random.default_rng(5).random(COUNT) < share]
    assert found_of(index, exact, 10, only) > 0.95


def test_a_restriction_to_what_nobody_asks_for_is_met_in_full(
    index: FaissIndex, exact: ExactIndex, ids: Ids, vectors: Vectors
) -> None:
    """The nearest of everything are none of these, so the first look would name too few."""
    for query in QUERIES:
        far = np.sort(np.argsort(vectors @ query)[: COUNT // 2])
        assert (
            index.search(query, 10, only=ids[far]).ids.tolist() == exact.search(query, 10, only=ids[far]).ids.tolist()
        )


def test_what_is_added_later_is_found_and_what_is_removed_is_not(index: FaissIndex, vectors: Vectors) -> None:
    later = unit_vectors(50, DIM, seed=6)
    index.add(np.arange(50) + 3 * COUNT, later)
    assert index.compressed is not None
    assert [index.search(vector, 1).ids[0] for vector in later] == list(range(3 * COUNT, 3 * COUNT + 50))
    gone = index.search(vectors[7], 1).ids
    index.remove(gone)
    assert gone[0] not in index.search(vectors[7], 100).ids
    assert index.compressed is None  # its rows are no longer those of the index


def test_a_copy_goes_its_own_way(index: FaissIndex) -> None:
    copied = index.copy()
    copied.add(np.array([3 * COUNT]), unit_vectors(1, DIM, seed=6))
    assert index.compressed is not None
    assert copied.compressed is not None
    assert (len(index.compressed), len(copied.compressed)) == (COUNT, COUNT + 1)
    assert copied.recall == index.recall


def test_where_it_would_find_too_few_every_row_is_compared(ids: Ids, vectors: Vectors, exact: ExactIndex) -> None:
    index = FaissIndex(DIM)
    index.add(ids, vectors)
    index.compress(QUERIES, 1.01)
    assert index.compressed is None
    assert index.recall == 1
    assert found_of(index, exact, 10) == 1


def test_the_worse_of_sentences_and_photos_counts(ids: Ids, vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    index = FaissIndex(DIM)
    index.add(ids, vectors)

    def blind(_: Compressed, query: Vectors, k: int) -> Ids:
        """Sees what is near to photos alone."""
        near = np.argsort(-(vectors @ query))
        return near[:k] if (vectors @ query).max() > 0.999 else near[-k:]

    monkeypatch.setattr(Compressed, "nearest", blind)
    index.compress(QUERIES[:0], 0)
    assert index.recall == 1
    index.compress(QUERIES, 0)
    assert index.recall == 0


def test_an_odd_number_of_numbers_is_compressed_one_by_one() -> None:
    vectors = unit_vectors(2000, 7)
    index = FaissIndex(7)
    index.add(np.arange(2000), vectors)
    index.compress(vectors[:5], 0.9)
    assert index.compressed is not None
    assert index.search(vectors[11], 1).ids.tolist() == [11]


class TestItsFile:
    @pytest.fixture
    def path(self, tmp_path: Path, index: FaissIndex) -> Path:
        path = tmp_path / "vectors.faiss"
        faiss_file.write(path, index, origin(DIM))
        return path

    def test_it_gives_back_what_was_written(self, path: Path, index: FaissIndex) -> None:
        opened, _ = faiss_file.read(path)
        assert opened.recall == index.recall
        assert opened.compressed is not None
        for query in QUERIES:
            assert list(opened.search(query, 10)) == list(index.search(query, 10))
        faiss_file.verify(path)

    def test_torn_anywhere_it_is_refused(self, path: Path) -> None:
        content = path.read_bytes()
        for length in [*range(0, len(content), 9973), *range(len(content) - 40, len(content))]:
            path.write_bytes(content[:length])
            with pytest.raises(LibraryDamagedError):
                faiss_file.read(path)

    def test_a_damaged_beginning_of_the_compressed_rows_is_refused(self, path: Path, index: FaissIndex) -> None:
        content = path.read_bytes()
        start = index.flat.codes.size() + len(index) * 8
        header = content.index(b"IPfs", start)
        for place in (*range(header, header + 200), header + 1000):
            path.write_bytes(content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :])
            with pytest.raises(LibraryDamagedError, match="compressed"):
                faiss_file.read(path)

    def test_a_changed_byte_is_found_by_verifying(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.rindex(b'{"model"') - 1000] ^= 1
        path.write_bytes(content)
        faiss_file.read(path)
        with pytest.raises(LibraryDamagedError, match="checksum"):
            faiss_file.verify(path)

    def test_a_trailer_that_lies_is_refused(self, path: Path) -> None:
        content = path.read_bytes()
        end = faiss_file._END
        length = end.unpack(content[-end.size :])[0]
        fields = json.loads(content[-end.size - length : -end.size])
        rows = fields["compressed"]
        for lie in ({"compressed": None}, {"compressed": {**rows, "header_bytes": 5}}, {"compressed": {"recall": 1}}):
            encoded = json.dumps({**fields, **lie}).encode()
            path.write_bytes(content[: -end.size - length] + encoded + end.pack(len(encoded), faiss_file.MAGIC))
            with pytest.raises(LibraryDamagedError):
                faiss_file.read(path)
