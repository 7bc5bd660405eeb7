"""What a library's own photos say, as a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from searchengine.records import PhotoFacts
from searchengine.training.library_captions import captions_of
from tests.fakes import ColourModel
from tests.searching.libraries import SmallLibrary


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SmallLibrary]:
    library = SmallLibrary(tmp_path / "library", ColourModel().identity)
    yield library
    library.database.close()


def test_a_librarys_captions_are_those_of_photos_within_reach(library: SmallLibrary) -> None:
    vectors = ColourModel().encode_texts(["red", "green", "blue", "white"])
    facts = [PhotoFacts(1, 1, "png", caption=caption) for caption in ("a dog", None, "a cat", "gone")]
    ids = library.add(vectors, facts=facts, paths=[b"/photos/%d.png" % place for place in (3, 2, 1, 4)])
    library.hide(ids[3:])
    photos = captions_of(library.database)
    assert [os.fspath(path) for path in photos.paths] == ["/photos/1.png", "/photos/3.png"]
    assert photos.captions == (("a cat",), ("a dog",))
