"""Broken files by the hundred, in one run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from searchengine.store.doctor import check
from tests.indexing.conftest import World


@pytest.mark.slow
def test_every_broken_file_is_a_photo_or_a_failure_with_its_reason(world: World, shared_data: Path) -> None:
    archive = shared_data / "malformed_images.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    with zipfile.ZipFile(archive) as files:
        files.extractall(world.photos)
    good = world.paint("good.png", 1)
    report = world.index()
    assert good in world.places()
    found = report.added + report.copied + report.unreadable
    assert found + report.not_photos == sum(path.is_file() for path in world.photos.rglob("*"))
    assert all(failure.reason for failure in report.failures)
    assert check(world.database) == []
    again = world.index()
    assert (again.unchanged + again.unreadable, again.embedded, again.failures) == (found, 0, ())
