"""Photos and sentences through a model, each once."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from searchengine.embedding.base import BATCH
from searchengine.training.data import read_picture
from searchengine.training.encoding import encode_photos, encode_sentences
from tests.fakes import PALETTE, ColourModel
from tests.training.pictures import paint


class Counting(ColourModel):
    """Notes the sentences of every pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[list[str]] = []

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passes.append(list(texts))
        return super()._encode_texts(texts)


def test_photos_come_out_in_their_order_whatever_lies_between(tmp_path: Path) -> None:
    names = [colour for colour in PALETTE for _ in range(4)]
    paths = [paint(tmp_path / f"{number}.png", colour) for number, colour in enumerate(names)]
    broken = {3, 31, 32, 47}
    for number in broken:
        paths[number].write_bytes(b"broken")
    paths[32].unlink()
    told: list[tuple[str, int, int, str]] = []
    encoded = encode_photos(ColourModel(), paths, lambda *progress: told.append(progress))
    assert encoded.kept.tolist() == [number for number in range(48) if number not in broken]
    assert set(encoded.unreadable) == broken
    assert all(paths[number].name in reason for number, reason in encoded.unreadable.items())
    one_by_one = [ColourModel().encode_images([read_picture(paths[number], 48)])[0] for number in encoded.kept]
    np.testing.assert_allclose(encoded.vectors, one_by_one, atol=1e-5)
    assert told == [("photos", BATCH, 48, ""), ("photos", 48, 48, "")]


@given(st.lists(st.text(max_size=8), max_size=80))
def test_a_sentence_gets_its_own_vector_in_any_order_and_company(texts: list[str]) -> None:
    model = Counting()
    vectors = encode_sentences(model, texts)
    assert vectors.shape == (len(texts), model.dim)
    passed = [text for some in model.passes for text in some]
    assert sorted(passed) == sorted(set(texts))  # each distinct one once
    assert [len(text) for text in passed] == sorted(len(text) for text in passed)
    if texts:
        np.testing.assert_allclose(vectors, ColourModel().encode_texts(texts), atol=1e-6)


def test_hostile_files_end_in_a_sentence_each(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "malformed_images.zip") as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")][::6]
        paths = [Path(archive.extract(name, tmp_path)) for name in names]
    encoded = encode_photos(ColourModel(), paths)
    assert len(encoded.kept) + len(encoded.unreadable) == len(paths)
    assert encoded.unreadable
    assert np.linalg.norm(encoded.vectors, axis=1) == pytest.approx(np.ones(len(encoded.kept)), abs=1e-5)
    assert all(reason.endswith(".") and "\n" not in reason for reason in encoded.unreadable.values())
