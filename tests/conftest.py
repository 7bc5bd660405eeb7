"""What many tests share: where real photographs and the measuring data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data to measure with; it is no part of the project, and tests that want it skip without it."""
    folder = Path(os.environ.get("SEARCHENGINE_TEST_DATA") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no measuring data at {folder}; set SEARCHENGINE_TEST_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def sample_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample photographs of the extra `demo`, written out as files."""
    pytest.importorskip("skimage", reason="the sample photographs come with the extra 'demo'")
    from searchengine.cli.samples import write_samples

    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder
