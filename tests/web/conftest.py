"""Libraries of real photographs with the built-in model, and a browser's stand-in to ask for pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from searchengine.library import Library
from searchengine.settings import Settings
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def open_library(folder: Path) -> Library:
    return Library.open(Settings(library=folder / "library", models=folder / "models"), create=True)


@pytest.fixture(scope="session")
def samples(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The sample photographs, indexed. Tests leave it as it is."""
    with open_library(tmp_path_factory.mktemp("web")) as library:
        library.index([sample_photos])
        yield library


@pytest.fixture
def client(samples: Library) -> FlaskClient:
    return create_app(samples).test_client()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with three plain pictures, to be changed as a test likes."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(folder / "red.jpg")
    Image.new("RGB", (64, 48), (30, 160, 30)).save(folder / "green.png")
    Image.new("RGB", (48, 64), (30, 30, 200)).save(folder / "blue.tif")
    return folder


@pytest.fixture
def own(pictures: Path, tmp_path: Path) -> Iterator[Library]:
    """A library of these three pictures."""
    with open_library(tmp_path) as library:
        library.index([pictures])
        yield library
